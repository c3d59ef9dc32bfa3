//! Rows of lists that have one id.

use crate::files::{connector, read};
use nayose::connector::{ListProfile, ListsAsked, Pass};
use std::fs;

/// Of two people with one id the first was dropped without a word, and mail to her was stopped by nothing.
#[tokio::test]
async fn two_people_or_deals_with_one_id_are_told_and_nothing_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    for (profile, stream, text, told) in [
        (
            ListProfile::Contacts,
            "contacts",
            "ID,氏名,メール\n7,山田 太郎,taro@a.example\n8,林 花子,hana@a.example\n7,森 次郎,jiro@b.example\n",
            Some("list.csv, line 4: it has the id of list.csv, line 2 and has another address"),
        ),
        (
            ListProfile::Contacts,
            "contacts",
            "ID,氏名,メール\n7,山田 太郎,taro@a.example\n7,山田 太郎,Ｔａｒｏ@a.example\n7,山田 太郎,\n",
            None,
        ),
        (
            ListProfile::Deals,
            "deals",
            "案件ID,案件名,会社名,フェーズ\nD1,更新,アクメ,提案\nD1,新規,ベータ,提案\n",
            Some("list.csv, line 3: it has the id of list.csv, line 2 and is another deal"),
        ),
        (
            ListProfile::Deals,
            "deals",
            "案件ID,案件名,会社名,フェーズ,メール\nD1,更新,アクメ,提案,a@a.example\nD1,更新,㈱アクメ,提案,b@a.example\n",
            None,
        ),
    ] {
        fs::write(&path, text).unwrap();
        let lists = connector(ListsAsked::one(profile, path.clone()));
        let read = read(&lists, stream, Pass::Sweep).await;
        match told {
            Some(told) => assert!(read.as_ref().is_err_and(|error| error.contains(told)), "{text}: {read:?}"),
            None => assert!(read.is_ok_and(|(end, _)| end.complete), "{text}"),
        }
    }
}
