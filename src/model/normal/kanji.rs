//! Old forms of kanji.

/// The new form of a kanji that names also write in an old one; for comparing only. Kanji that make other names (渡辺/渡部,
/// 伊藤/伊東) are not here.
pub fn modern(kanji: char) -> char {
    match kanji {
        '髙' => '高',
        '﨑' | '嵜' | '碕' => '崎',
        '齋' | '齊' | '斉' => '斎',
        '邊' | '邉' => '辺',
        '濱' | '濵' => '浜',
        '澤' => '沢',
        '櫻' => '桜',
        '廣' => '広',
        '國' => '国',
        '嶋' | '嶌' => '島',
        '眞' => '真',
        '惠' => '恵',
        '德' => '徳',
        '瀨' => '瀬',
        '冨' => '富',
        '𠮷' => '吉',
        '榮' => '栄',
        '萬' => '万',
        '瀧' => '滝',
        '龍' => '竜',
        '關' => '関',
        '橫' => '横',
        '黑' => '黒',
        '桒' => '桑',
        '舘' => '館',
        '鐵' => '鉄',
        other => other,
    }
}
