//! A mail server that says anything: each connection ends or goes on, in bounded memory, and what was understood is what was sent.

use super::change::{Tape, bytes};
use nayose::mail::milter::session::{Heard, MailSeen, MilterSession};
use nayose::mail::milter::{FRAME_BYTES_MAX, take_frame};

const MAIL_BYTES_MAX: usize = 20_000;
/// The header, the recipients, and the mail, each with the room that a growing vector takes beside.
const HELD_MAX: usize = 2 * (MAIL_BYTES_MAX + (128 << 10)) + 2_000 * 640;

fn frame(command: u8, said: &[u8]) -> Vec<u8> {
    [&u32::try_from(said.len() + 1).unwrap().to_be_bytes()[..], &[command], said].concat()
}

/// A connection with two mails, as Postfix says it; one is broken off between them.
fn connection(offer: [u32; 3]) -> Vec<u8> {
    let mail = [
        frame(b'D', b"Mi\x004QzX1\0"),
        frame(b'M', b"<news@a.example>\0SIZE=9\0"),
        frame(b'R', b"<hanako@b.example>\0ORCPT=rfc822;h\0"),
        frame(b'R', b"<ken@b.example>\0"),
        frame(b'L', b"From\0news@a.example\0"),
        frame(b'L', b"Subject\0one\n two\0"),
        frame(b'L', b"Content-Type\0text/plain; charset=utf-8\0"),
        frame(b'N', b""),
        frame(b'B', "今月のお知らせ\r\n".repeat(20).as_bytes()),
        frame(b'B', b"the end\r\n"),
    ]
    .concat();
    let offer = frame(b'O', &offer.map(u32::to_be_bytes).concat());
    [&offer[..], &mail, &frame(b'E', b""), &mail, &frame(b'A', b""), &mail, &frame(b'E', b"one more\r\n"), &frame(b'Q', b"")].concat()
}

/// What a connection comes to, sent in pieces that `cut` gives the lengths of.
fn mails(wire: &[u8], mut cut: impl FnMut(usize) -> usize, mut keeps: impl FnMut() -> bool) -> Vec<MailSeen> {
    let (mut session, mut came, mut sent, mut mails) = (MilterSession::new(MAIL_BYTES_MAX), Vec::new(), 0, Vec::new());
    while sent < wire.len() {
        let next = (sent + cut(wire.len() - sent).max(1)).min(wire.len());
        came.extend_from_slice(&wire[sent..next]);
        sent = next;
        loop {
            let Ok(taken) = take_frame(&came) else { return mails };
            let Some((frame, length)) = taken else { break };
            assert!(length <= FRAME_BYTES_MAX + 4);
            let Ok(heard) = session.take(frame) else { return mails };
            let answer = match heard {
                Heard::Nothing => Vec::new(),
                Heard::End => return mails,
                Heard::Answer(answer) | Heard::Passed(_, answer) => answer,
                Heard::Header if keeps() => session.keep(),
                Heard::Header => session.pass(),
                Heard::Mail(mail) => {
                    mails.push(mail);
                    MilterSession::taken()
                }
            };
            assert!(answer.is_empty() || take_frame(&answer).is_ok_and(|whole| whole.is_some_and(|(_, all)| all == answer.len())));
            assert!(session.held() <= HELD_MAX, "{}", session.held());
            came.drain(..length);
        }
    }
    mails
}

const OFFERS: [[u32; 3]; 4] = [[6, 0x1ff, 0x1f_ffff], [2, 0x3f, 0x7f], [6, 0x13, 0x3ff], [6, 0, 0x1f_ffff]];

#[test]
fn milter_connections_changed_are_borne_in_bounded_memory() {
    fuzz!(|tape: &mut Tape<'_>| {
        let wire = bytes(&connection(*tape.pick(&OFFERS)), tape);
        let pieces = usize::from(tape.byte()) * 16;
        let keeps = !tape.byte().is_multiple_of(4);
        mails(&wire, |_| pieces, || keeps);
    });
}

#[test]
fn milter_frames_in_any_order_are_borne_in_bounded_memory() {
    fuzz!(|tape: &mut Tape<'_>| {
        let mut wire = frame(b'O', &OFFERS[0].map(u32::to_be_bytes).concat());
        let long = vec![b'x'; 60_000];
        while !tape.ended() {
            let command = *tape.pick(b"DMRLNBEAKTCHUQO");
            let said: &[u8] = match tape.byte() % 5 {
                0 => b"",
                1 => b"From\0news@a.example\0",
                2 => b"<a@b.example>\0",
                3 => &long[..tape.below(long.len())],
                _ => b"\0\0\n\xff",
            };
            wire.extend(frame(command, said));
        }
        mails(&wire, |rest| rest, || true);
    });
}

#[test]
fn milter_mails_are_the_same_however_the_wire_is_cut() {
    let whole = mails(&connection(OFFERS[0]), |rest| rest, || true);
    assert_eq!(whole.len(), 2);
    assert!(whole[0].bytes.ends_with("今月のお知らせ\r\nthe end\r\n".as_bytes()) && whole[1].bytes.ends_with(b"the end\r\none more\r\n"));
    fuzz!(move |tape: &mut Tape<'_>| {
        let wire = connection(*tape.pick(&OFFERS[..3]));
        assert_eq!(mails(&wire, |_| usize::from(tape.byte()), || true), whole);
    });
}
