//! Merged cells of workbooks: a company's name beside its three deals is the company of all of them.

use crate::files::{connector, read};
use nayose::connector::{ListProfile, ListsAsked, Observed, Pass};
use std::path::Path;

/// Each deal and its company, by the text of the workbook that LibreOffice saved.
#[tokio::test]
async fn a_merged_company_of_an_ods_is_that_of_each_row() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/connectors/lists_made/deals-merged.ods");
    let (end, pages) = read(&connector(ListsAsked::one(ListProfile::Deals, path)), "deals", Pass::Sweep).await.unwrap();
    assert!(end.complete);
    let deals = pages.iter().flat_map(|page| &page.observed).map(|observed| {
        let Observed::Record { record, .. } = observed else { panic!("{observed:?}") };
        let text = |name: &str| record.text(name).unwrap_or_default().to_string();
        (text("name"), record.accounts().map(|company| company.to_string()).collect::<Vec<_>>())
    });
    let of = |name: &str, company: &str| (name.to_string(), vec![company.to_string()]);
    let sato = "佐藤商事山";
    assert_eq!(deals.collect::<Vec<_>>(), [of("保守", sato), of("研修", sato), of("更新", sato), of("監査", "鈴木工業")]);
}
