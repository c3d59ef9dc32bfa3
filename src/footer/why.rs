//! Why a mail stays as it is. When in doubt, it does.

use thiserror::Error;

/// Why a mail was left untouched. `Display` is for logs, [`WhyUntouched::name`] for metrics and for what others rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WhyUntouched {
    #[error("the slot takes no such mail: neither its sender, list nor subject is one that the footer is for")]
    NoSlot,
    #[error("it is one of two newsletters of consent.toml: tell them apart there by from, list_id or subject")]
    SeveralSlots,
    #[error("it answers another mail")]
    Reply,
    #[error("a program sent it by itself (Auto-Submitted)")]
    AutoSubmitted,
    #[error("it comes from a mailing list that is none of the slot's")]
    ForeignList,
    #[error("it bears a DKIM signature already, which an edit would break; let the footer come before signing")]
    DkimSigned,
    #[error("it is sealed by ARC, and an edit would break the seal")]
    ArcSealed,
    #[error("it or a part of it is signed")]
    Signed,
    #[error("it or a part of it is encrypted")]
    Encrypted,
    #[error("it is an S/MIME message")]
    Smime,
    #[error("its text holds an armoured PGP or S/MIME block")]
    ArmouredText,
    #[error("it holds an invitation (text/calendar), which readers find by the form of the whole mail")]
    Calendar,
    #[error("it is a report on another mail, or holds one")]
    Report,
    #[error("it has no text that is displayed: only attachments, or other messages")]
    NoBody,
    #[error("more than one text is displayed, and it is not clear where the last one ends")]
    SeveralBodies,
    #[error("it holds a form of its text that takes no footer, so that recipients would see different mails")]
    OtherForm,
    #[error("it holds a multipart of a kind that is not known")]
    MultipartUnknown,
    #[error("it bears a footer of nayose already")]
    Marked,
    #[error("it quotes the footer already")]
    Quoted,
    #[error("it is larger than the limit")]
    TooLarge,
    #[error("its header is larger than the limit")]
    HeaderTooLarge,
    #[error("its parts are nested deeper than the limit")]
    TooDeep,
    #[error("it has more parts than the limit")]
    TooManyParts,
    #[error("its HTML would be longer than what readers show whole")]
    HtmlTooLong,
    #[error("its lines end in different ways")]
    LineEnds,
    #[error("a line of its text is longer than SMTP carries (998 octets)")]
    LineTooLong,
    #[error("it holds octets that its header or its transfer encoding does not allow")]
    EightBit,
    #[error("its transfer encoding is not known")]
    EncodingUnknown,
    #[error("its text is not in the transfer encoding that it names")]
    EncodingBroken,
    #[error("its charset is not known, or none that a footer can be added to")]
    CharsetUnknown,
    #[error("its text is not in the charset that it names")]
    CharsetBroken,
    #[error("its text can be read in the charset that it names, but looks like UTF-8")]
    CharsetDoubtful,
    #[error("its HTML ends within a comment, a tag or a script, where a footer would not be seen")]
    HtmlOpen,
    #[error("a part bears a checksum of its text (Content-MD5)")]
    Checksum,
    #[error("it is malformed: {0}")]
    Malformed(WhyMalformed),
    #[error("two readers do not see the same mail before and after the edit")]
    ReadersDisagree,
}

/// What is wrong with a mail's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WhyMalformed {
    #[error("no empty line ends a header")]
    HeaderWithoutEnd,
    #[error("a line of a header is no field")]
    FieldWithoutName,
    #[error("a field of MIME stands twice in one header")]
    FieldTwice,
    #[error("a Content-Type cannot be read")]
    ContentType,
    #[error("a multipart names no boundary that can be one")]
    Boundary,
    #[error("two multiparts have the same boundary")]
    BoundaryTwice,
    #[error("a multipart has no part")]
    NoParts,
    #[error("a multipart has no closing boundary")]
    NotClosed,
    #[error("a boundary stands after its multipart was closed")]
    BoundaryAfterEnd,
    #[error("a multipart has a transfer encoding of its own")]
    EncodedMultipart,
}

impl WhyUntouched {
    /// Every reason, with one of the malformed.
    pub const ALL: [WhyUntouched; 36] = [
        WhyUntouched::NoSlot,
        WhyUntouched::SeveralSlots,
        WhyUntouched::Reply,
        WhyUntouched::AutoSubmitted,
        WhyUntouched::ForeignList,
        WhyUntouched::DkimSigned,
        WhyUntouched::ArcSealed,
        WhyUntouched::Signed,
        WhyUntouched::Encrypted,
        WhyUntouched::Smime,
        WhyUntouched::ArmouredText,
        WhyUntouched::Calendar,
        WhyUntouched::Report,
        WhyUntouched::NoBody,
        WhyUntouched::SeveralBodies,
        WhyUntouched::OtherForm,
        WhyUntouched::MultipartUnknown,
        WhyUntouched::Marked,
        WhyUntouched::Quoted,
        WhyUntouched::TooLarge,
        WhyUntouched::HeaderTooLarge,
        WhyUntouched::TooDeep,
        WhyUntouched::TooManyParts,
        WhyUntouched::HtmlTooLong,
        WhyUntouched::LineEnds,
        WhyUntouched::LineTooLong,
        WhyUntouched::EightBit,
        WhyUntouched::EncodingUnknown,
        WhyUntouched::EncodingBroken,
        WhyUntouched::CharsetUnknown,
        WhyUntouched::CharsetBroken,
        WhyUntouched::CharsetDoubtful,
        WhyUntouched::HtmlOpen,
        WhyUntouched::Checksum,
        WhyUntouched::Malformed(WhyMalformed::NotClosed),
        WhyUntouched::ReadersDisagree,
    ];

    /// A word for logs and metrics; it stays as it is.
    pub fn name(self) -> &'static str {
        match self {
            WhyUntouched::NoSlot => "no_slot",
            WhyUntouched::SeveralSlots => "several_slots",
            WhyUntouched::Reply => "reply",
            WhyUntouched::AutoSubmitted => "auto_submitted",
            WhyUntouched::ForeignList => "foreign_list",
            WhyUntouched::DkimSigned => "dkim_signed",
            WhyUntouched::ArcSealed => "arc_sealed",
            WhyUntouched::Signed => "signed",
            WhyUntouched::Encrypted => "encrypted",
            WhyUntouched::Smime => "smime",
            WhyUntouched::ArmouredText => "armoured_text",
            WhyUntouched::Calendar => "calendar",
            WhyUntouched::Report => "report",
            WhyUntouched::NoBody => "no_body",
            WhyUntouched::SeveralBodies => "several_bodies",
            WhyUntouched::OtherForm => "other_form",
            WhyUntouched::MultipartUnknown => "multipart_unknown",
            WhyUntouched::Marked => "marked",
            WhyUntouched::Quoted => "quoted",
            WhyUntouched::TooLarge => "too_large",
            WhyUntouched::HeaderTooLarge => "header_too_large",
            WhyUntouched::TooDeep => "too_deep",
            WhyUntouched::TooManyParts => "too_many_parts",
            WhyUntouched::HtmlTooLong => "html_too_long",
            WhyUntouched::LineEnds => "line_ends",
            WhyUntouched::LineTooLong => "line_too_long",
            WhyUntouched::EightBit => "eight_bit",
            WhyUntouched::EncodingUnknown => "encoding_unknown",
            WhyUntouched::EncodingBroken => "encoding_broken",
            WhyUntouched::CharsetUnknown => "charset_unknown",
            WhyUntouched::CharsetBroken => "charset_broken",
            WhyUntouched::CharsetDoubtful => "charset_doubtful",
            WhyUntouched::HtmlOpen => "html_open",
            WhyUntouched::Checksum => "checksum",
            WhyUntouched::Malformed(_) => "malformed",
            WhyUntouched::ReadersDisagree => "readers_disagree",
        }
    }
}

impl From<WhyMalformed> for WhyUntouched {
    fn from(why: WhyMalformed) -> WhyUntouched {
        WhyUntouched::Malformed(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_reason_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = WhyUntouched::ALL.iter().map(|why| why.name()).collect();
        assert_eq!(names.len(), WhyUntouched::ALL.len());
    }
}
