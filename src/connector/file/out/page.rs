//! The page that says what to do with the lists. It names no person.

use super::outlet::Outlet;
use super::sheets::ImportSheet;
use crate::model::Time;
use std::fmt::Write;

/// The page, in Japanese and English.
pub fn page(out: &Outlet, sheets: &[(String, &ImportSheet)], ending: &str, written_at: Time) -> String {
    let form = &out.asked.form;
    let (system, title) = (escaped(&out.system), escaped(&form.title));
    let exported = escaped(&out.export);
    let mut text = String::new();
    let mut put = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    put("<!DOCTYPE html>");
    put("<html lang=\"ja\"><head><meta charset=\"utf-8\">");
    put(&format!("<title>{title}: {system}</title>"));
    put(
        "<style>body{font-family:sans-serif;max-width:50em;margin:2em auto;line-height:1.7}table{border-collapse:collapse}th,td{border:1px solid #888;padding:.2em .6em;text-align:left}</style>",
    );
    put("</head><body>");
    put(&format!("<h1>{title} に取り込むリスト（{system}）</h1>"));
    put(&format!("<p>作成: {} (UTC)</p>", written_at.rfc3339()));
    if sheets.is_empty() {
        put("<p><strong>取り込むものはありません。</strong></p>");
        put("<p lang=\"en\">There is nothing to import.</p>");
    } else {
        put(
            "<p>このフォルダーのファイルを取り込むまで、配信の停止は有効になりません。<strong>常に今あるファイルだけを使ってください。</strong>必要なものはすべて入っています。</p>",
        );
        put(&table(sheets));
        put(&steps("ja", &form.ja));
        put(&format!("<p>エクスポートの置き場所: <code>{exported}</code></p>"));
        put("<h1 lang=\"en\">Lists to import</h1>");
        put(
            "<p lang=\"en\">Until these files are imported, nobody in them is stopped from getting mail, or mailed again. Use only the files that lie here now: all that is needed is in them.</p>",
        );
        put(&steps("en", &form.en));
        put(&format!("<p lang=\"en\">Where the export goes: <code>{exported}</code></p>"));
    }
    if ending == "tsv" {
        put("<p>ファイルはタブ区切りです。 <span lang=\"en\">The files are separated by tabs.</span></p>");
    }
    put("</body></html>");
    text
}

fn table(sheets: &[(String, &ImportSheet)]) -> String {
    let mut text = String::from(
        "<table><tr><th>ファイル / file</th><th>人数 / people</th><th>照合する列 / matched by</th><th>取り込む列 / imported</th></tr>",
    );
    for (file, sheet) in sheets {
        let (file, key, column) = (escaped(file), escaped(&sheet.key), escaped(&sheet.column));
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "<tr><td><a href=\"{file}\" download>{file}</a></td><td>{}</td><td>{key}</td><td>{column}</td></tr>",
            sheet.rows.len()
        );
    }
    text + "</table>"
}

fn steps(language: &str, steps: &[String]) -> String {
    let steps: String = steps.iter().map(|step| format!("<li>{}</li>", escaped(step))).collect();
    format!("<ol lang=\"{language}\">{steps}</ol>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
