//! Every text of the pages, in both languages, and how each counts and writes dates. A missing text does not compile.

use jiff::Timestamp;

use crate::page::frame_origin::Origin;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    En,
    Ko,
}

macro_rules! words {
    ($($name:ident: $en:literal, $ko:literal;)*) => {
        /// The texts of one language.
        #[derive(Debug)]
        pub(crate) struct Words { $(pub(crate) $name: &'static str,)* }
        static ENGLISH: Words = Words { $($name: $en,)* };
        static KOREAN: Words = Words { $($name: $ko,)* };
    };
}

words! {
    // Every page.
    tickets: "Tickets", "티켓";
    skip: "Skip to content", "본문으로 건너뛰기";
    other_language: "한국어", "English";
    colours_auto: "Colours: as the system", "색상: 시스템 설정";
    colours_dark: "Colours: dark", "색상: 어둡게";
    colours_light: "Colours: light", "색상: 밝게";
    signed_in: "Signed in as", "로그인한 사용자:";
    leave: "Sign out", "로그아웃";
    not_found: "Not found", "찾을 수 없음";
    no_ticket: "There is no such ticket", "그런 티켓이 없습니다";
    no_file: "There is no such file", "그런 파일이 없습니다";
    back: "Back to the tickets", "티켓 목록으로";

    // The list.
    search: "Search", "검색";
    search_hint: "Words, #number, signature", "단어, #번호, 시그니처";
    filters: "Filters", "필터";
    all_filters_off: "Clear all", "모두 지우기";
    remove: "remove", "제거";
    status: "Status", "상태";
    engine: "Engine", "엔진";
    app: "App", "앱";
    user: "User", "사용자";
    project: "Project", "프로젝트";
    signature: "Signature", "시그니처";
    active: "Last activity", "마지막 활동";
    none: "none", "없음";
    any_time: "Any time", "전체 기간";
    last_24h: "Last 24 hours", "최근 24시간";
    last_7d: "Last 7 days", "최근 7일";
    last_30d: "Last 30 days", "최근 30일";
    from: "From", "시작일";
    to: "To", "종료일";
    apply: "Apply", "적용";
    ticket: "Ticket", "티켓";
    seen: "Seen", "횟수";
    filed: "Filed", "등록";
    assigned: "Assigned to", "담당자";
    nobody: "nobody", "없음";
    select: "Select", "선택";
    select_all: "Select all on this page", "이 페이지 모두 선택";
    of_selected: "Set the selected tickets to", "선택한 티켓의 상태:";
    newer: "Newer", "이전";
    older: "Older", "다음";
    pages: "Pages", "페이지";
    empty_desk: "Nothing has been filed yet.", "아직 등록된 티켓이 없습니다.";
    empty_desk_hint: "Incidents appear here as soon as an agent files them.", "에이전트가 문제를 등록하면 바로 여기에 나타납니다.";
    empty_search: "No ticket matches.", "조건에 맞는 티켓이 없습니다.";
    empty_search_hint: "Every word has to begin a word of the title or the description, and every filter has to fit.", "모든 단어가 제목이나 설명에 있는 단어의 앞부분과 맞고, 모든 필터에 맞아야 합니다.";
    switched_off: "Tickets are switched off on this site.", "이 사이트에서는 티켓을 사용하지 않습니다.";
    when_active: "When the tickets were last active", "티켓이 마지막으로 활동한 때";
    nothing_selected: "No ticket was selected.", "선택한 티켓이 없습니다.";
    live_show: "Show", "보기";

    // The ticket.
    previous: "Previous", "이전";
    next: "Next", "다음";
    to_list: "List", "목록";
    traceback: "Traceback", "트레이스백";
    copy: "Copy", "복사";
    copied: "Copied", "복사됨";
    plain_text: "Plain text", "텍스트로 보기";
    our_code: "studio code", "스튜디오 코드";
    replies: "Replies", "답글";
    no_replies: "No replies yet.", "아직 답글이 없습니다.";
    your_reply: "Your reply", "답글 쓰기";
    reply: "Reply", "답글 등록";
    no_description: "No description.", "설명이 없습니다.";
    attachments: "Attachments", "첨부 파일";
    no_attachments: "None.", "없습니다.";
    open: "open", "열기";
    download: "download", "내려받기";
    history: "History", "이력";
    no_history: "Nothing has been changed yet.", "아직 변경된 내용이 없습니다.";
    was_filed: "filed this ticket", "티켓을 등록함";
    was_deleted: "deleted this ticket", "티켓을 삭제함";
    was_revived: "brought this ticket back", "티켓을 되살림";
    was_changed: "changed", "변경:";
    empty_value: "empty", "비어 있음";
    same_problem: "The same problem elsewhere", "다른 곳의 같은 문제";
    related: "Related tickets", "관련 티켓";
    occurrences: "When it happened", "발생한 때";
    last_seen: "Last seen", "마지막 발생";
    filed_by: "Filed by", "등록자";
    priority: "Priority", "우선순위";
    change: "Change", "변경";
    assign: "Assign", "지정";
    assign_me: "Assign to me", "나에게 지정";
    someone: "Choose a person or group", "사람 또는 그룹 선택";
    unassign: "Remove", "해제";

    // The text viewer.
    file_text: "Text of the file", "파일 내용";
    name: "Name", "이름";
    size: "Size", "크기";
    errors: "Errors", "오류";
    no_errors: "No record at ERROR or CRITICAL.", "ERROR나 CRITICAL 기록이 없습니다.";
    previous_error: "Previous error", "이전 오류";
    next_error: "Next error", "다음 오류";
    line: "Line", "줄";
    earlier_part: "Earlier part", "앞부분";
    later_part: "Later part", "뒷부분";
    line_goes_on: "the line goes on; download the file to see it", "줄이 더 있습니다. 파일을 내려받아 보십시오";
    not_listed: "This file cannot be shown here. Download it.", "여기서 볼 수 없는 파일입니다. 내려받으십시오.";

    // Keys.
    keys: "Keyboard", "키보드";
    key_walk: "next and previous ticket", "다음 티켓과 이전 티켓";
    key_open: "open it", "열기";
    key_select: "select it", "선택";
    key_search: "search", "검색";
    key_list: "back to the list", "목록으로";
    key_errors: "next and previous error of a log", "로그의 다음 오류와 이전 오류";
    key_help: "these keys", "이 도움말";
    close: "Close", "닫기";

    // Refusals.
    refused: "That was not done", "처리하지 못했습니다";
}

impl Lang {
    /// From its code, also with a region.
    pub(crate) fn of(code: &str) -> Option<Lang> {
        match code.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Lang::En),
            "ko" => Some(Lang::Ko),
            _ => None,
        }
    }

    /// What a browser would like best (`Accept-Language`); English when it names none of ours.
    pub(crate) fn wished(accepted: &str) -> Lang {
        let mut best = (0.0, Lang::En);
        for wish in accepted.split(',').take(20) {
            let mut parts = wish.trim().split(';');
            let Some(lang) = parts.next().and_then(|code| Lang::of(code.trim())) else { continue };
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            if weight > best.0 {
                best = (weight, lang);
            }
        }
        best.1
    }

    /// For `<html lang>`, addresses and the cookie.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Ko => "ko",
        }
    }

    /// The other one.
    pub(crate) fn other(self) -> Lang {
        match self {
            Lang::En => Lang::Ko,
            Lang::Ko => Lang::En,
        }
    }

    /// The texts.
    pub(crate) fn words(self) -> &'static Words {
        match self {
            Lang::En => &ENGLISH,
            Lang::Ko => &KOREAN,
        }
    }

    /// `1 ticket`, `2 tickets`, `티켓 2개`.
    pub(crate) fn tickets(self, count: usize) -> String {
        let number = grouped(count as u64);
        match self {
            Lang::En => format!("{number} ticket{}", plural(count as u64)),
            Lang::Ko => format!("티켓 {number}개"),
        }
    }

    /// `once`, `51 times`, `51번`.
    pub(crate) fn times(self, count: u64) -> String {
        match (self, count) {
            (Lang::En, 1) => "once".to_owned(),
            (Lang::En, _) => format!("{} times", grouped(count)),
            (Lang::Ko, _) => format!("{}번", grouped(count)),
        }
    }

    /// How many tickets a bulk change has changed.
    pub(crate) fn changed(self, count: usize) -> String {
        match self {
            Lang::En => format!("{} changed.", self.tickets(count)),
            Lang::Ko => format!("{}를 변경했습니다.", self.tickets(count)),
        }
    }

    /// What the bar says of tickets that came or changed since; `{}` is put in by the script.
    pub(crate) fn live(self, one: bool) -> &'static str {
        match (self, one) {
            (Lang::En, true) => "{} new or changed ticket",
            (Lang::En, false) => "{} new or changed tickets",
            (Lang::Ko, _) => "새로 생겼거나 바뀐 티켓 {}개",
        }
    }

    /// How many are selected; `{}` is put in by the script.
    pub(crate) fn selected(self) -> &'static str {
        match self {
            Lang::En => "{} selected",
            Lang::Ko => "{}개 선택됨",
        }
    }

    /// What a folded run of frames holds.
    pub(crate) fn frames(self, count: usize, whose: &str) -> String {
        match self {
            Lang::En => format!("{count} call{} in {whose}", plural(count as u64)),
            Lang::Ko => format!("{whose} 호출 {count}개"),
        }
    }

    /// Whose frames those are.
    pub(crate) fn origin(self, origin: &Origin) -> String {
        match (origin, self) {
            (Origin::Bundle(name), _) => name.clone(),
            (Origin::Toolkit, _) => "Toolkit".to_owned(),
            (Origin::Python, _) => "Python".to_owned(),
            (Origin::Library, Lang::En) => "libraries".to_owned(),
            (Origin::Library, Lang::Ko) => "라이브러리".to_owned(),
            (Origin::Host, Lang::En) => "the host program".to_owned(),
            (Origin::Host, Lang::Ko) => "호스트 프로그램".to_owned(),
            (Origin::Studio, _) => self.words().our_code.to_owned(),
        }
    }

    /// `Error 3 of 12`.
    pub(crate) fn error_of(self, at: usize, count: usize) -> String {
        match self {
            Lang::En => format!("Error {at} of {count}"),
            Lang::Ko => format!("오류 {count}개 중 {at}번째"),
        }
    }

    /// Which lines of a long file are shown.
    pub(crate) fn lines_of(self, first: u64, last: u64, all: u64) -> String {
        let (first, last, all) = (grouped(first), grouped(last), grouped(all));
        match self {
            Lang::En => format!("Lines {first} to {last} of {all}"),
            Lang::Ko => format!("전체 {all}줄 중 {first}~{last}줄"),
        }
    }

    /// How many more values a filter has.
    pub(crate) fn more(self, count: usize) -> String {
        match self {
            Lang::En => format!("{count} more"),
            Lang::Ko => format!("{count}개 더 보기"),
        }
    }

    /// `page 2 of 7`.
    pub(crate) fn page_of(self, page: usize, pages: usize) -> String {
        let (page, pages) = (grouped(page as u64), grouped(pages as u64));
        match self {
            Lang::En => format!("Page {page} of {pages}"),
            Lang::Ko => format!("{pages}쪽 중 {page}쪽"),
        }
    }

    /// The name of a status, as sites call it; of one that a site has added, its own name.
    pub(crate) fn status(self, code: &str, name: &str) -> String {
        let known = match (self, code) {
            (Lang::En, _) => None,
            (Lang::Ko, "wtg") => Some("대기 중"),
            (Lang::Ko, "opn") => Some("열림"),
            (Lang::Ko, "ip") => Some("진행 중"),
            (Lang::Ko, "rev") => Some("검토 중"),
            (Lang::Ko, "res") => Some("해결됨"),
            (Lang::Ko, "clsd") => Some("닫힘"),
            (Lang::Ko, "hld") => Some("보류"),
            (Lang::Ko, "na") => Some("해당 없음"),
            (Lang::Ko, "omt") => Some("제외"),
            (Lang::Ko, _) => None,
        };
        known.unwrap_or(name).to_owned()
    }

    /// A name that the agent writes into descriptions. The text itself stays as it was written.
    pub(crate) fn fact(self, name: &str) -> &str {
        if self == Lang::En {
            return name;
        }
        match name {
            "What failed" => "실패한 작업",
            "Comment" => "설명",
            "Caused by" => "원인",
            "Where" => "위치",
            "For whom" => "누가",
            "Since" => "처음 발생",
            "How often" => "횟수",
            "Versions" => "버전",
            "Open first" => "먼저 볼 것",
            "Not attached" => "첨부 안 됨",
            "Careful" => "주의",
            "Message" => "메시지",
            "Work" => "작업",
            "Session" => "세션",
            "Shot" => "샷",
            "Asset" => "어셋",
            "Sequence" => "시퀀스",
            "Task" => "태스크",
            "Step" => "공정",
            "Project" => "프로젝트",
            "Person" => "사람",
            "User" => "사용자",
            "Host" => "컴퓨터",
            "Program" => "프로그램",
            "Engine" => "엔진",
            "App" => "앱",
            "Environment" => "환경",
            "Core" => "코어",
            "Configuration" => "구성",
            "Level" => "수준",
            "Logger" => "로거",
            "Process" => "프로세스",
            "Log" => "로그",
            _ => name,
        }
    }

    /// The name of a ticket's field, for the history.
    pub(crate) fn field<'n>(self, name: &str, label: &'n str) -> &'n str {
        if self == Lang::En {
            return label;
        }
        match name {
            "title" => "제목",
            "description" => "설명",
            "project" => "프로젝트",
            "sg_status_list" => "상태",
            "sg_priority" => "우선순위",
            "sg_ticket_type" => "종류",
            "addressings_to" => "담당자",
            "addressings_cc" => "참조",
            "attachments" => "첨부 파일",
            "tags" => "태그",
            "tickets" => "관련 티켓",
            "sg_incident_count" => "횟수",
            "sg_incident_last_seen" => "마지막 발생",
            _ => label,
        }
    }

    /// A day: `14 Jan 2026`, `2026년 1월 14일`.
    pub(crate) fn day(self, time: Timestamp) -> String {
        match self {
            Lang::En => time.strftime("%-d %b %Y").to_string(),
            Lang::Ko => time.strftime("%Y년 %-m월 %-d일").to_string(),
        }
    }

    /// A day of a picture, whose year is plain: `14 Jan`, `1월 14일`.
    pub(crate) fn short_day(self, time: Timestamp) -> String {
        match self {
            Lang::En => time.strftime("%-d %b").to_string(),
            Lang::Ko => time.strftime("%-m월 %-d일").to_string(),
        }
    }

    /// To the second: `14 Jan 2026, 10:49:11 UTC`.
    pub(crate) fn exact(self, time: Timestamp) -> String {
        let clock = time.strftime("%H:%M:%S UTC");
        match self {
            Lang::En => format!("{}, {clock}", self.day(time)),
            Lang::Ko => format!("{} {clock}", self.day(time)),
        }
    }

    /// How long ago: `3 hours ago`, `3시간 전`; a day when it is more than a month.
    pub(crate) fn ago(self, time: Timestamp, now: Timestamp) -> String {
        let seconds = now.as_second() - time.as_second();
        let count = |number: i64, en: &str, ko: &str| match self {
            Lang::En => format!("{number} {en}{} ago", plural(number.unsigned_abs())),
            Lang::Ko => format!("{number}{ko} 전"),
        };
        match (seconds, self) {
            // Clocks of workstations are a little ahead now and then.
            (i64::MIN..-300, Lang::En) => "in the future".to_owned(),
            (i64::MIN..-300, Lang::Ko) => "미래".to_owned(),
            (-300..60, Lang::En) => "just now".to_owned(),
            (-300..60, Lang::Ko) => "방금".to_owned(),
            (60..3600, _) => count(seconds / 60, "minute", "분"),
            (3600..86_400, _) => count(seconds / 3600, "hour", "시간"),
            (86_400..2_592_000, _) => count(seconds / 86_400, "day", "일"),
            _ => self.day(time),
        }
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// `12,345`, which both languages write so.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_count() {
        assert_eq!(
            [Lang::En.tickets(0), Lang::En.tickets(1), Lang::En.tickets(12_345)],
            ["0 tickets", "1 ticket", "12,345 tickets"]
        );
        assert_eq!(
            [Lang::En.times(1), Lang::En.times(2), Lang::Ko.times(1000)],
            ["once", "2 times", "1,000번"]
        );
        assert_eq!(Lang::Ko.changed(3), "티켓 3개를 변경했습니다.");
        assert_eq!(Lang::En.frames(1, "Toolkit"), "1 call in Toolkit");
    }

    #[test]
    fn dates_read_as_people_write_them() {
        let now: Timestamp = "2026-01-14T12:00:00Z".parse().unwrap();
        let ago = |lang: Lang, text: &str| lang.ago(text.parse().unwrap(), now);
        assert_eq!(ago(Lang::En, "2026-01-14T11:59:30Z"), "just now");
        assert_eq!(ago(Lang::En, "2026-01-14T10:30:00Z"), "1 hour ago");
        assert_eq!(ago(Lang::Ko, "2026-01-02T10:30:00Z"), "12일 전");
        assert_eq!(ago(Lang::En, "2025-01-02T10:30:00Z"), "2 Jan 2025");
        assert_eq!(ago(Lang::Ko, "2025-01-02T10:30:00Z"), "2025년 1월 2일");
        assert_eq!(Lang::Ko.exact(now), "2026년 1월 14일 12:00:00 UTC");
        assert_eq!(Lang::En.exact(now), "14 Jan 2026, 12:00:00 UTC");
    }

    #[test]
    fn a_browser_s_wish_is_weighed() {
        for (wish, lang) in [
            ("", Lang::En),
            ("de, fr;q=0.5", Lang::En),
            ("ko", Lang::Ko),
            ("en;q=0.5, ko-KR;q=0.8", Lang::Ko),
            ("de, en-GB;q=0.7, ko;q=0.3", Lang::En),
            ("ko;q=nonsense", Lang::Ko),
        ] {
            assert_eq!(Lang::wished(wish), lang, "{wish}");
        }
    }
}
