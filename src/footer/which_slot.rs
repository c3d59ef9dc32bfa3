//! Of which newsletter a mail is: what a door asks that sees mails of all kinds go by.

use super::doubts::look_at_head;
use super::reading::head;
use super::slot::MailLimits;
use super::why::WhyUntouched;
use super::written::{FooterShelf, Newsletter};
use crate::model::Name;

impl FooterShelf {
    /// The newsletter that a mail is one of, or why it stays as it is, by its header alone; what follows that is not looked at.
    ///
    /// One that two newsletters take is in doubt: nobody knows which one's footer would be meant.
    pub fn newsletter_of(&self, mail: &[u8], limits: &MailLimits) -> Result<(&Name, &Newsletter), WhyUntouched> {
        let fields = head(mail, limits)?;
        let (mut taken, mut first_no) = (None, WhyUntouched::NoSlot);
        for (name, newsletter) in &self.newsletters {
            match look_at_head(mail, &fields, &newsletter.mails) {
                Ok(()) if taken.is_some() => return Err(WhyUntouched::SeveralSlots),
                Ok(()) => taken = Some((name, newsletter)),
                Err(why) if first_no == WhyUntouched::NoSlot => first_no = why,
                Err(_) => {}
            }
        }
        taken.ok_or(first_no)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footer::MailSlot;

    fn shelf(slots: &[(&str, &[&str], &[&str])]) -> FooterShelf {
        let strings = |of: &[&str]| of.iter().map(ToString::to_string).collect::<Vec<_>>();
        let newsletter = |(name, from, lists): &(&str, &[&str], &[&str])| {
            let mails = MailSlot { senders: strings(from), lists: strings(lists), subjects: Vec::new() };
            (Name::from(*name), Newsletter { mails, confirmed_by: Some("Tanaka".into()) })
        };
        FooterShelf { newsletters: slots.iter().map(newsletter).collect(), ..FooterShelf::default() }
    }

    fn of(shelf: &FooterShelf, header: &str) -> Result<String, WhyUntouched> {
        let mail = format!("{header}\r\n\r\n");
        shelf.newsletter_of(mail.as_bytes(), &MailLimits::default()).map(|(name, _)| name.to_string())
    }

    #[test]
    fn a_mail_is_of_the_one_newsletter_that_takes_it() {
        let shelf =
            shelf(&[("list", &["@a.example"], &["n.a.example"]), ("plain", &["news@a.example"], &[]), ("other", &["@b.example"], &[])]);
        assert_eq!(of(&shelf, "From: news@a.example"), Ok("plain".into()));
        assert_eq!(of(&shelf, "From: news@a.example\r\nList-Id: <n.a.example>"), Ok("list".into()), "the other is for mails of no list");
        assert_eq!(of(&shelf, "From: news@c.example"), Err(WhyUntouched::NoSlot));
        assert_eq!(of(&shelf, "From: news@a.example\r\nIn-Reply-To: <1@a>"), Err(WhyUntouched::Reply));
        assert_eq!(of(&shelf, "From: news@a.example\r\nList-Id: <x.example>"), Err(WhyUntouched::ForeignList));
    }

    #[test]
    fn a_mail_that_two_newsletters_take_is_in_doubt() {
        let shelf = shelf(&[("one", &["@a.example"], &[]), ("two", &["news@a.example"], &[])]);
        assert_eq!(of(&shelf, "From: news@a.example"), Err(WhyUntouched::SeveralSlots));
        assert_eq!(of(&shelf, "From: desk@a.example"), Ok("one".into()));
    }
}
