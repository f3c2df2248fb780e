//! Code pages: what a workstation wrote where it did not write UTF-8.
//!
//! Owns the names people give them and the tables (`encoding_rs`). Which code page a machine has is for the caller to
//! know, and what a line is decoded with is decided in `decode`. UTF-16 is none: its line ends are not single bytes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use encoding_rs::Encoding;

/// What lines that are not UTF-8 are written in. The default is nothing known: such bytes become replacement characters.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct CodePage(Option<&'static Encoding>);

/// Numbers of Windows' ANSI code pages with their tables, and a few OEM and Unix ones that logs are pasted in.
const NUMBERED: [(u32, &Encoding); 19] = [
    (932, encoding_rs::SHIFT_JIS),
    (949, encoding_rs::EUC_KR),
    (936, encoding_rs::GBK),
    (950, encoding_rs::BIG5),
    (1252, encoding_rs::WINDOWS_1252),
    (1250, encoding_rs::WINDOWS_1250),
    (1251, encoding_rs::WINDOWS_1251),
    (1253, encoding_rs::WINDOWS_1253),
    (1254, encoding_rs::WINDOWS_1254),
    (1255, encoding_rs::WINDOWS_1255),
    (1256, encoding_rs::WINDOWS_1256),
    (1257, encoding_rs::WINDOWS_1257),
    (1258, encoding_rs::WINDOWS_1258),
    (874, encoding_rs::WINDOWS_874),
    (866, encoding_rs::IBM866),
    (20932, encoding_rs::EUC_JP),
    (51949, encoding_rs::EUC_KR),
    (54936, encoding_rs::GB18030),
    (20866, encoding_rs::KOI8_R),
];

/// Number Windows has for UTF-8.
const UTF_8: u32 = 65001;

impl CodePage {
    /// Nothing is known: UTF-8, and replacement characters for what is not.
    pub const NONE: CodePage = CodePage(None);

    /// The code page of a number as Windows' `GetACP` gives it; nothing known for UTF-8 and for numbers without a table.
    pub fn from_number(number: u32) -> CodePage {
        CodePage(NUMBERED.iter().find(|(known, _)| *known == number).map(|(_, table)| *table))
    }

    /// The text, when all of the bytes have a meaning in this code page.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        self.0?.decode_without_bom_handling_and_without_replacement(bytes)
    }
}

impl fmt::Display for CodePage {
    /// A name that `from_str` reads: `cp949`, `utf-8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(table) = self.0 else { return f.pad("utf-8") };
        match NUMBERED.iter().find(|(_, known)| *known == table) {
            Some((number, _)) => f.pad(&format!("cp{number}")),
            None => f.pad(&table.name().to_ascii_lowercase()),
        }
    }
}

impl FromStr for CodePage {
    type Err = UnknownCodePage;

    /// Reads `cp949`, `949`, `windows-1252`, `ms932`, `utf-8`, `cp65001` and the names of the web (`euc-kr`, `shift_jis`), in any case.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownCodePage { name: name.to_owned(), nearest: nearest(name) };
        let plain = name.trim().to_ascii_lowercase().replace('_', "-");
        let digits = ["cp", "ms", "windows-", "win"]
            .iter()
            .find_map(|lead| plain.strip_prefix(lead))
            .unwrap_or(&plain)
            .trim_start_matches('-');
        if let Ok(number) = digits.parse::<u32>() {
            let known = number == UTF_8 || NUMBERED.iter().any(|(known, _)| *known == number);
            return if known { Ok(CodePage::from_number(number)) } else { Err(unknown()) };
        }
        let table = Encoding::for_label(name.trim().as_bytes())
            .or_else(|| Encoding::for_label(plain.as_bytes()))
            .ok_or_else(unknown)?;
        if table == encoding_rs::UTF_8 {
            return Ok(CodePage::NONE);
        }
        // Only tables in which a newline is a newline, and which mean text at all.
        let usable = table.is_ascii_compatible()
            && table != encoding_rs::REPLACEMENT
            && table != encoding_rs::X_USER_DEFINED
            && table != encoding_rs::ISO_2022_JP;
        if usable { Ok(CodePage(Some(table))) } else { Err(unknown()) }
    }
}

/// A name that is no code page known here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownCodePage {
    name: String,
    nearest: String,
}

impl fmt::Display for UnknownCodePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown code page `{}`, did you mean `{}`? Expected a name like cp949, cp932, cp936, cp950, \
             cp1250 to cp1258, cp874, or utf-8 for none",
            self.name, self.nearest
        )
    }
}

impl std::error::Error for UnknownCodePage {}

/// The name of a numbered code page that shares the longest beginning and then the most digits.
fn nearest(name: &str) -> String {
    let wanted: String = name.chars().filter(char::is_ascii_digit).take(8).collect();
    if wanted.is_empty() || name.trim_start().to_ascii_lowercase().starts_with("utf") {
        return "utf-8".to_owned();
    }
    let likeness = |number: &u32| {
        let have = number.to_string();
        let same = have.bytes().zip(wanted.bytes()).filter(|(have, wanted)| have == wanted).count();
        let front = have.bytes().zip(wanted.bytes()).take_while(|(have, wanted)| have == wanted).count();
        (same + front, std::cmp::Reverse(have.len().abs_diff(wanted.len())))
    };
    let best = NUMBERED.iter().map(|(number, _)| number).rev().max_by_key(|number| likeness(number));
    best.map_or_else(|| "utf-8".to_owned(), |number| format!("cp{number}"))
}
