use super::super::frame::take_frame;
use super::*;

const OFFER: [u32; 3] = [6, 0x1ff, 0x1f_ffff];
const OLD_OFFER: [u32; 3] = [2, 0x3f, 0x7f];

fn agreed(offer: [u32; 3]) -> MilterSession {
    let mut session = MilterSession::new(1000);
    assert!(matches!(say(&mut session, b'O', &offer.map(u32::to_be_bytes).concat()), Heard::Answer(_)));
    session
}

fn say(session: &mut MilterSession, command: u8, said: &[u8]) -> Heard {
    session.take(MilterFrame { command, said }).unwrap()
}

/// Envelope and header of a mail to two.
fn begun(session: &mut MilterSession) -> Heard {
    for (command, said) in [
        (b'D', &b"Mi\x004QzX1\0"[..]),
        (b'M', b"<news@a.example>\0SIZE=1\0"),
        (b'R', b"<hanako@b.example>\0ORCPT=x\0"),
        (b'R', b"<ken@b.example>\0"),
        (b'L', b"From\0news@a.example\0"),
        (b'L', b"Subject\0one\n two\0"),
    ] {
        let answer = if command == b'D' { Heard::Nothing } else { Heard::Answer(plain(CONTINUE)) };
        assert_eq!(say(session, command, said), answer, "{}", char::from(command));
    }
    say(session, b'N', b"")
}

#[test]
fn a_mail_comes_whole_with_its_envelope() {
    let mut session = agreed(OFFER);
    assert_eq!(begun(&mut session), Heard::Header);
    assert_eq!(session.header(), b"From: news@a.example\r\nSubject: one\r\n two\r\n\r\n");
    assert!(session.is_keeping());
    assert_eq!(say(&mut session, b'B', b"Hel"), Heard::Answer(plain(CONTINUE)));
    let Heard::Mail(mail) = say(&mut session, b'E', b"lo\r\n") else { panic!() };
    assert_eq!(mail.recipients, ["hanako@b.example", "ken@b.example"]);
    assert!(mail.bytes.ends_with(b"\r\n\r\nHello\r\n"));
    assert_eq!(mail.queue_id.as_deref(), Some("4QzX1"));
    assert!(!session.is_keeping());
}

#[test]
fn each_mail_of_a_connection_is_by_itself() {
    let mut session = agreed(OFFER);
    begun(&mut session);
    say(&mut session, b'A', b"");
    assert_eq!((session.held(), begun(&mut session)), (0, Heard::Header), "one was broken off");
    assert_eq!(session.pass(), plain(ACCEPT));
    assert_eq!(session.held(), 0);
    begun(&mut session);
    let Heard::Mail(mail) = say(&mut session, b'E', b"") else { panic!() };
    assert_eq!(mail.recipients.len(), 2, "not those of the mails before");
    say(&mut session, b'K', b"");
    assert_eq!(say(&mut session, b'Q', b""), Heard::End);
}

#[test]
fn an_old_mail_server_sends_steps_that_say_nothing_and_gets_an_answer_to_each() {
    let mut session = agreed(OLD_OFFER);
    for command in b"CHMRTU" {
        assert_eq!(say(&mut session, *command, b"<a@b>\0"), Heard::Answer(plain(CONTINUE)), "{}", char::from(*command));
    }
    say(&mut session, b'L', b"From\0a@b\0");
    assert_eq!(say(&mut session, b'N', b""), Heard::Header);
    assert_eq!(say(&mut session, b'A', b""), Heard::Nothing);
}

#[test]
fn what_is_too_much_is_let_go_of_and_the_mail_goes_as_it_came() {
    let pieces = |session: &mut MilterSession| {
        begun(session);
        say(session, b'B', &[b'x'; 600]);
        say(session, b'B', &[b'x'; 600]);
    };
    let mut session = agreed(OFFER);
    pieces(&mut session);
    assert_eq!(session.held(), 0);
    assert_eq!(say(&mut session, b'E', b""), Heard::Passed("too_large", plain(CONTINUE)));
    let ends = |repeat: usize, command: u8, said: &[u8]| {
        let mut session = agreed(OFFER);
        say(&mut session, b'M', b"<a@b>\0");
        (0..repeat).for_each(|_| assert_eq!(say(&mut session, command, said), Heard::Answer(plain(CONTINUE))));
        say(&mut session, b'N', b"");
        say(&mut session, b'E', b"")
    };
    assert_eq!(ends(RECIPIENTS_MAX + 1, b'R', b"<a@b>\0"), Heard::Passed("too_many_recipients", plain(CONTINUE)));
    assert_eq!(ends(1, b'R', &[b'a'; 400]), Heard::Passed("too_many_recipients", plain(CONTINUE)));
    assert_eq!(ends(3, b'L', &[&b"X\0"[..], &[b'a'; 40_000], b"\0"].concat()), Heard::Passed("header_too_large", plain(CONTINUE)));
}

#[test]
fn what_is_not_understood_goes_as_it_came() {
    for value in [&b"Subject"[..], b"Subject\0a\nBcc: x\0", b""] {
        let mut session = agreed(OFFER);
        say(&mut session, b'M', b"<a@b>\0");
        say(&mut session, b'L', value);
        assert_eq!(say(&mut session, b'E', b""), Heard::Passed("malformed", plain(CONTINUE)), "{value:?}");
    }
    let mut session = agreed(OFFER);
    say(&mut session, b'B', b"a body without a header");
    assert_eq!(say(&mut session, b'E', b""), Heard::Passed("malformed", plain(CONTINUE)));
}

#[test]
fn a_mail_server_that_lets_nothing_be_changed_is_told_so_and_its_mails_pass() {
    let mut session = agreed([6, 0x01, 0]);
    assert_eq!(session.may_change(), Some(false));
    say(&mut session, b'M', b"<a@b>\0");
    assert_eq!(say(&mut session, b'N', b""), Heard::Answer(plain(CONTINUE)));
    assert_eq!(say(&mut session, b'E', b""), Heard::Passed("not_changeable", plain(CONTINUE)));
}

#[test]
fn what_is_no_milter_is_told() {
    let take = |session: &mut MilterSession, command| session.take(MilterFrame { command, said: b"x" });
    assert_eq!(take(&mut MilterSession::new(1), b'M'), Err(SessionBroken::NotAgreed(b'M')));
    assert_eq!(take(&mut agreed(OFFER), b'Z'), Err(SessionBroken::Unknown(b'Z')));
    assert_eq!(take(&mut agreed(OFFER), b'O'), Err(SessionBroken::Offer));
    assert_eq!(take(&mut MilterSession::new(1), b'O'), Err(SessionBroken::Offer));
}

#[test]
fn answers_are_whole_commands() {
    for answer in [plain(CONTINUE), plain(ACCEPT)] {
        assert!(matches!(take_frame(&answer), Ok(Some((_, length))) if length == answer.len()));
    }
}
