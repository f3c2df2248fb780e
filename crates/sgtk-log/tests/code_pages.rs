//! Files that mix encodings line by line, and the names of code pages.

use std::borrow::Cow;

use sgtk_log::{CodePage, FileName, decode, parse};

fn page(name: &str) -> CodePage {
    name.parse().expect("a code page of the list")
}

#[test]
fn each_line_has_its_own_encoding() {
    // 비밀 as UTF-8 and as cp949; 表 (whose second byte in cp932 is a backslash); ﾃ (one byte); € of cp1252.
    for (name, line, wanted) in [
        ("cp949", &b"\xBA\xF1\xB9\xD0 failed"[..], "비밀 failed"),
        ("cp932", b"C:\\\x95\x5C\\\x83\x5D.ma \x94\x7C", "C:\\表\\ゾ.ma 培"),
        ("cp936", b"\xD6\xD0\xCE\xC4", "中文"),
        ("cp950", b"\xA4\xA4\xA4\xE5", "中文"),
        ("cp1252", b"caf\xE9 \x80", "café €"),
        ("cp1251", b"\xEE\xF8\xE8\xE1\xEA\xE0", "ошибка"),
        ("cp874", b"\xA1", "ก"),
    ] {
        let mut log = "2026-01-14 19:49:11,961 [1 ERROR sgtk.core] 비밀\r\n".as_bytes().to_vec();
        log.extend_from_slice(line);
        log.extend_from_slice(b"\r\nplain\n");
        let text = decode(&log, page(name));
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!(lines[1..], [wanted, "plain", ""], "{name}");
        assert!(lines[0].ends_with("비밀"), "{name}");
    }
}

#[test]
fn what_the_code_page_does_not_hold_is_replaced_and_nothing_is_lost() {
    // 0xFF is nothing in cp949.
    let log = b"\xBA\xF1 \xFF\nnext\n";
    assert_eq!(decode(log, page("cp949")), "\u{fffd}\u{fffd} \u{fffd}\nnext\n");
    assert_eq!(decode(log, CodePage::NONE), decode(log, page("utf-8")));
    // A character cut in two by a limit does not turn a line of UTF-8 into one of the code page.
    let line = "한글 로그 한글".as_bytes();
    assert_eq!(decode(&line[..line.len() - 1], page("cp949")), "한글 로그 한\u{fffd}");
    assert_eq!(decode(&line[1..], page("cp949")), "\u{fffd}\u{fffd}글 로그 한글");
}

#[test]
fn code_page_bytes_are_no_syntax() {
    // In cp932 the character ー ends in 0x5B, which is `[`; 十 ends in 0x5C, a backslash; ポ ends in `|`.
    let log = b"2026-01-14 19:49:11,961 [1 ERROR sgtk.ext.C:\\\x83\x5B\x8F\x5C\\engine.py] \x83\x7C \x5D\n";
    let text = decode(log, page("cp932"));
    let record = parse(&text, FileName("tk-maya.log"));
    assert_eq!(record.logger.as_deref(), Some("sgtk.ext.C:\\ゼ十\\engine.py"));
    assert_eq!(record.message, "ポ ]");
}

#[test]
fn clean_text_is_not_copied() {
    assert!(matches!(decode("비밀\nx".as_bytes(), page("cp949")), Cow::Borrowed(_)));
}

#[test]
fn names_are_read_as_people_write_them() {
    for (name, wanted) in [
        ("cp949", "cp949"),
        ("CP932", "cp932"),
        ("949", "cp949"),
        ("ms932", "cp932"),
        ("shift_jis", "cp932"),
        ("EUC-KR", "cp949"),
        ("gbk", "cp936"),
        ("big5", "cp950"),
        ("windows-1252", "cp1252"),
        ("cp874", "cp874"),
        ("utf-8", "utf-8"),
        ("UTF8", "utf-8"),
        ("cp65001", "utf-8"),
        (" cp1258 ", "cp1258"),
    ] {
        let read = page(name);
        assert_eq!(read.to_string(), wanted, "{name}");
        assert_eq!(page(&read.to_string()), read, "{name}");
    }
    for number in 1250..=1258 {
        assert_eq!(page(&format!("cp{number}")), CodePage::from_number(number));
        assert_ne!(CodePage::from_number(number), CodePage::NONE);
    }
    assert_eq!(CodePage::from_number(65001), CodePage::NONE);
    assert_eq!(CodePage::default(), CodePage::NONE);
}

#[test]
fn an_unknown_name_is_told_the_nearest() {
    for (name, nearest) in [
        ("cp94", "cp949"),
        ("cp1259", "cp1252"),
        ("cp9322", "cp932"),
        ("klingon", "utf-8"),
        ("utf-16", "utf-8"),
    ] {
        let error = name.parse::<CodePage>().expect_err(name).to_string();
        assert!(error.contains(&format!("`{name}`")), "{error}");
        assert!(error.contains(&format!("`{nearest}`")), "{error}");
    }
}
