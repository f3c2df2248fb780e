//! Names of people, machines, projects and shots, all invented, and known so that a title that holds one is found out.

use crate::random::Random;

/// Someone who works.
#[derive(Debug, PartialEq, Eq)]
pub struct Person {
    /// Login on the site.
    pub login: &'static str,
    /// Name of the home folder.
    pub folder: &'static str,
    /// E-mail address.
    pub email: &'static str,
}

static PEOPLE: [Person; 8] = [
    Person { login: "jorinde", folder: "jorinde", email: "jorinde@kestrelfx.example" },
    Person { login: "obrien.k", folder: "obrien.k", email: "kate.obrien@kestrelfx.example" },
    Person { login: "mtanaka", folder: "mtanaka", email: "m.tanaka@kestrelfx.example" },
    Person { login: "lena.vogt", folder: "Lena Vogt", email: "lena.vogt@kestrelfx.example" },
    Person { login: "psilva3", folder: "psilva3", email: "psilva3@kestrelfx.example" },
    Person { login: "yoon-ah", folder: "yoon-ah", email: "yoonah@kestrelfx.example" },
    Person { login: "radek_n", folder: "radek_n", email: "radek_n@kestrelfx.example" },
    Person { login: "zuleikha", folder: "Zuleikha", email: "zuleikha@kestrelfx.example" },
];

impl Person {
    /// Anyone.
    pub fn any(random: &mut Random) -> &'static Person {
        random.one(&PEOPLE)
    }
}

/// What is worked on.
#[derive(Debug, PartialEq, Eq)]
pub struct Names {
    /// Project's name on the site.
    pub project: &'static str,
    /// Project's folder.
    pub folder: &'static str,
    /// Sequence.
    pub sequence: &'static str,
    /// Shot.
    pub shot: &'static str,
    /// Asset.
    pub asset: &'static str,
    /// Pipeline step.
    pub step: &'static str,
    /// Task.
    pub task: &'static str,
}

static WORKS: [Names; 7] = [
    Names {
        project: "Walrus Moon",
        folder: "walrus_moon",
        sequence: "wm_020",
        shot: "wm_020_0440",
        asset: "harpooner",
        step: "anm",
        task: "blocking",
    },
    Names {
        project: "KITE2",
        folder: "kite2",
        sequence: "KIT",
        shot: "KIT0370",
        asset: "stormKite",
        step: "lgt",
        task: "keylight",
    },
    Names {
        project: "glasshouse",
        folder: "glasshouse",
        sequence: "GLH-110",
        shot: "GLH-110-0085",
        asset: "orangery_door",
        step: "cmp",
        task: "precomp",
    },
    Names {
        project: "Tin Sparrow",
        folder: "tin_sparrow",
        sequence: "sq110",
        shot: "sq110_sh0320",
        asset: "sparrowA",
        step: "fx",
        task: "feathers",
    },
    Names {
        project: "ODDJOB S02",
        folder: "oddjob_s02",
        sequence: "ep204",
        shot: "ep204_017_0010",
        asset: "prop_umbrella01",
        step: "rig",
        task: "bodyrig",
    },
    Names {
        project: "Quarry",
        folder: "quarry",
        sequence: "sc031",
        shot: "sc031_0050A",
        asset: "excavator",
        step: "mod",
        task: "hardsurface",
    },
    Names {
        project: "Velvet Harbour",
        folder: "velvet_harbour",
        sequence: "VHB_07",
        shot: "VHB_07_1180",
        asset: "trawler-b",
        step: "lay",
        task: "previz",
    },
];

const HOSTS: [&str; 6] = [
    "wks-lx0412",
    "KFX-MBP-17",
    "render-b07.kestrelfx.example",
    "DESKTOP-7QH2KD1",
    "anim-ws23",
    "vdi-3d-118",
];

impl Names {
    /// Any work.
    pub fn any(random: &mut Random) -> &'static Names {
        random.one(&WORKS)
    }

    /// Any machine.
    pub fn host(random: &mut Random) -> &'static str {
        let host: &&'static str = random.one(&HOSTS);
        host
    }
}

/// Everything a title must not hold: people, machines, works, secrets.
pub fn forbidden_in_titles() -> Vec<&'static str> {
    let mut words: Vec<&'static str> = vec!["kestrelfx", SECRET, PASSWORD, SIGNATURE, KEY];
    words.extend(PEOPLE.iter().flat_map(|person| [person.login, person.folder, person.email]));
    words.extend(HOSTS);
    words.extend(
        WORKS
            .iter()
            .flat_map(|work| [work.project, work.folder, work.sequence, work.shot, work.asset, work.task]),
    );
    words
}

/// A session token.
pub const SECRET: &str = "q7Zr4mVx0TnB2sKd9LwYc8";
/// A proxy's password.
pub const PASSWORD: &str = "Wint3r-Falke!9";
/// The signature of a signed address.
pub const SIGNATURE: &str = "hV8s0x2QmPq7Lr5TzKc31uWnYbE";
/// A script key.
pub const KEY: &str = "n^8wkzjbuPv2frqtdyecHg0xm";
