//! Names and what they stand for: `SHOTGUN_API_KEY`, `sessionToken`, `"user_password"`, `--token`.

use std::sync::LazyLock;

/// What the value of a name is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// A secret.
    Strong,
    /// A secret if it looks like one.
    Vague,
    /// Who someone is; goes when a token is beside it.
    Login,
    /// The current folder of a shell, or a secret if it is no path.
    Folder,
    /// Something else.
    None,
}

/// Ends of names, without separators and in small letters: these count wherever the word begins.
const STRONG: [&str; 23] = [
    "password",
    "passwd",
    "passphrase",
    "sessiontoken",
    "sessionid",
    "sessionuuid",
    "sessionmetadata",
    "scriptkey",
    "apikey",
    "applicationkey",
    "secretkey",
    "secretaccesskey",
    "sharedaccesskey",
    "accesstoken",
    "authtoken",
    "clientsecret",
    "authrequestid",
    "sessionrequestid",
    "samlresponse",
    "samlrequest",
    "samlassertion",
    "signaturevalue",
    "tokensecret",
];

/// These count at the beginning of a word only: `InvalidToken` does not end in `id_token`.
const STRONG_WORDS: [&str; 28] = [
    "idtoken",
    "refreshtoken",
    "privatetoken",
    "csrftoken",
    "xsrftoken",
    "securitytoken",
    "bearertoken",
    "oauthtoken",
    "apitoken",
    "usertoken",
    "githubtoken",
    "gitlabtoken",
    "slacktoken",
    "accesskey",
    "accesskeyid",
    "accountkey",
    "appsecret",
    "sharedsecret",
    "consumersecret",
    "passcode",
    "userpass",
    "proxypass",
    "smtppass",
    "dbpass",
    "encryptionkey",
    "signingkey",
    "sessionkey",
    "authkey",
];

const VAGUE_WORDS: [&str; 9] = [
    "token",
    "secret",
    "signature",
    "sig",
    "cookies",
    "privatekey",
    // What Toolkit hands to the next process, sometimes in base64.
    "currentuser",
    "sgtkcontext",
    "tankcontext",
];

/// In the middle of the name of a variable, where a place or an owner follows: `GITHUB_TOKEN_STUDIO`.
const VAGUE_MIDDLES: [&[u8]; 5] = [b"token", b"secret", b"password", b"apikey", b"scriptkey"];

/// A word at the end of a name.
#[derive(Copy, Clone)]
struct Word {
    letters: &'static str,
    /// Its end, compared first.
    ending: [u8; ENDING],
    at_start: bool,
    class: Class,
}

/// No word is shorter.
const ENDING: usize = 3;

/// All words by their last letter, the strong ones first.
static WORDS: LazyLock<[Vec<Word>; 32]> = LazyLock::new(|| {
    let mut words = [const { Vec::new() }; 32];
    for (list, at_start, class) in [
        (&STRONG[..], false, Class::Strong),
        (&STRONG_WORDS, true, Class::Strong),
        (&VAGUE_WORDS, true, Class::Vague),
    ] {
        for letters in list {
            let Some(ending) = letters.as_bytes().last_chunk() else { continue };
            words[by_last(ending)].push(Word { letters, ending: *ending, at_start, class });
        }
    }
    words
});

fn by_last(ending: &[u8; ENDING]) -> usize {
    usize::from(ending[ENDING - 1] & 31)
}

/// What a name stands for. Only its last 40 letters and digits are looked at.
pub(crate) fn class(name: &[u8]) -> Class {
    const KEPT: usize = 40;
    let end = name.iter().rposition(|b| b.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    let name = &name[..end];
    // Letters and digits from the right, then turned around; and where in the name they are.
    let (mut flat, mut places, mut len) = ([0u8; KEPT], [0; KEPT], 0);
    for (place, byte) in name.iter().enumerate().rev() {
        if len == KEPT {
            break;
        }
        if byte.is_ascii_alphanumeric() {
            len += 1;
            flat[KEPT - len] = byte.to_ascii_lowercase();
            places[KEPT - len] = place;
        }
    }
    let (flat, places) = (&flat[KEPT - len..], &places[KEPT - len..]);
    let begins_word = |place: usize| {
        let before = place.checked_sub(1).map(|before| name[before]);
        before.is_none_or(|before| {
            !before.is_ascii_alphabetic() || before.is_ascii_lowercase() && name[place].is_ascii_uppercase()
        })
    };
    let ends_with = |word: &str, at_start: bool| {
        flat.ends_with(word.as_bytes()) && (!at_start || begins_word(places[flat.len() - word.len()]))
    };
    let Some(ending) = flat.last_chunk() else { return Class::None };
    if flat.starts_with(b"csrftoken") || flat.starts_with(b"xcsrftoken") {
        return Class::Strong;
    }
    let mut words = WORDS[by_last(ending)].iter().filter(|word| word.ending == *ending);
    if let Some(word) = words.find(|word| ends_with(word.letters, word.at_start)) {
        return word.class;
    }
    match flat {
        b"login" | b"userlogin" => Class::Login,
        b"pwd" => Class::Folder,
        _ if ends_with("pwd", true) && !ends_with("oldpwd", false) => Class::Strong,
        _ if !name.iter().any(u8::is_ascii_lowercase)
            && VAGUE_MIDDLES.iter().any(|word| memchr::memmem::find(flat, word).is_some()) =>
        {
            Class::Vague
        }
        _ => Class::None,
    }
}

/// A name in a line.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Two dashes stand before it: an option of a program.
    pub(crate) is_option: bool,
    /// `<` stands before it.
    pub(crate) is_tag: bool,
}

/// The whole name around a word, looking back no further than `least`.
pub(crate) fn around(line: &[u8], word_from: usize, word_to: usize, least: usize) -> Name {
    const MOST_BEFORE: usize = 40;
    const MOST_BEHIND: usize = 64;
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let floor = word_from.saturating_sub(MOST_BEFORE).max(least);
    let mut from = word_from - line[floor..word_from].iter().rev().take_while(|b| is_name(b)).count();
    let to = word_to + line[word_to..].iter().take(MOST_BEHIND).take_while(|b| is_name(b)).count();
    match from.checked_sub(1).map(|at| line[at]) {
        // The end of an escape is no part of the name: `\nsession_token`, `\u000asession_token`, `%22session_token`.
        Some(b'\\') => {
            from += match line[from] {
                b'n' | b'r' | b't' => 1,
                b'u' if line[from + 1..to].iter().take(4).filter(|b| b.is_ascii_hexdigit()).count() == 4 => 5,
                b'x' if line[from + 1..to].iter().take(2).filter(|b| b.is_ascii_hexdigit()).count() == 2 => 3,
                _ => 0,
            };
        }
        Some(b'%') => {
            while line[from..to].starts_with(b"25") {
                from += 2;
            }
            if line[from..to].iter().take(2).filter(|b| b.is_ascii_hexdigit()).count() == 2 {
                from += 2;
            }
        }
        _ => {}
    }
    from = from.min(word_from);
    let dashes = line[from..word_from].iter().take_while(|b| **b == b'-').count();
    from += dashes;
    Name { from, to, is_option: dashes == 2, is_tag: is_tag(&line[..from]) }
}

/// `<`, or `<` and a namespace: `<ds:`.
fn is_tag(before: &[u8]) -> bool {
    const LONGEST_SPACE: usize = 16;
    let coded = |code: &[u8]| before.len() >= 3 && before[before.len() - 3..].eq_ignore_ascii_case(code);
    if coded(b"%3a") {
        let space = before[..before.len() - 3]
            .iter()
            .rev()
            .take(LONGEST_SPACE)
            .take_while(|b| b.is_ascii_alphanumeric())
            .count();
        // `3C` of the sign is letters and digits as well.
        return before[..before.len() - 3 - space].ends_with(b"%");
    }
    match before.split_last() {
        _ if coded(b"%3c") => true,
        Some((b'<', _)) => true,
        Some((b':', before)) => {
            let space =
                before.iter().rev().take(LONGEST_SPACE).take_while(|b| b.is_ascii_alphanumeric()).count();
            space > 0 && before[..before.len() - space].ends_with(b"<")
        }
        _ => false,
    }
}
