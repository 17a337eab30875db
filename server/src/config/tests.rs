//! Tests of loading, refusing and printing the configuration.

use std::{fs, path::Path};

use super::*;

/// Loads a configuration from the text of a file, variables and `key=value` options.
fn load(
    toml: &str,
    variables: &[(&str, &str)],
    options: &[(&str, &str)],
) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("quillback.toml");
    fs::write(&path, toml).unwrap();
    let overrides = options.iter().map(|(key, value)| Override {
        flag: "--set".to_owned(),
        key: (*key).to_owned(),
        value: (*value).to_owned(),
    });
    let sources = Sources {
        file: Some(path),
        environment: Environment::from_pairs(variables.iter().copied()),
        overrides: overrides.collect(),
    };
    Config::load(&sources).map_err(|error| error.to_string())
}

#[test]
fn defaults_are_safe() {
    let config = Config::load(&Sources::default()).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert!(config.plugins.folders.is_empty());
    assert_eq!(config.graphql.introspection, Introspection::SignedIn);
    assert!(!config.demo.enabled);
}

#[test]
fn options_win_over_variables_and_variables_over_the_file() {
    let file = "[limits]\ndepth = 5\nnodes = 5\ntokens = 5\n";
    let variables = [
        ("QUILLBACK__LIMITS__NODES", "6"),
        ("QUILLBACK__LIMITS__TOKENS", "6"),
    ];
    let config = load(file, &variables, &[("limits.tokens", "7")]).unwrap();
    let limits = config.limits;
    assert_eq!((limits.depth, limits.nodes, limits.tokens), (5, 6, 7));
}

#[test]
fn variables_take_the_type_of_their_key() {
    let digest = "0".repeat(64);
    let variables = [
        ("QUILLBACK__DEMO__ENABLED", "true"),
        ("QUILLBACK__LOG__FORMAT", "json"),
        ("QUILLBACK__PLUGINS__FOLDERS", "/a, /b"),
        ("QUILLBACK__PLUGINS__ALLOW__SQLITE", digest.as_str()),
        ("QUILLBACK__SERVER__TRUSTED_PROXIES", "['10.0.0.0/8']"),
        ("QUILLBACK__SERVER__METRICS_TOKEN", "12345"),
        ("QUILLBACK__SERVER__PUBLIC_URL", ""),
        ("QUILLBACK__REPOSITORY__URL", "{ env = 'ELSEWHERE' }"),
        ("QUILLBACK__DATA__MASTER_KEY__ENV", "ELSEWHERE"),
        ("ELSEWHERE", "x"),
    ];
    let config = load("", &variables, &[]).unwrap();
    assert!(config.demo.enabled);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.plugins.folders, [Path::new("/a"), Path::new("/b")]);
    assert_eq!(config.plugins.allow.get("sqlite"), Some(&digest));
    assert_eq!(config.server.trusted_proxies.len(), 1);
    assert!(matches!(
        config.server.metrics_token,
        Some(SecretSource::Literal(_))
    ));
    assert_eq!(config.server.public_url, None);
    let elsewhere = SecretSource::Env("ELSEWHERE".to_owned());
    assert_eq!(config.repository.url, Some(elsewhere.clone()));
    assert_eq!(config.data.master_key, Some(elsewhere));
}

#[test]
fn a_variable_replaces_a_secret_of_the_file_as_a_whole() {
    let file = "[data]\nmaster_key = { file = '/no/such/file' }\n";
    let variables = [("QUILLBACK__DATA__MASTER_KEY__ENV", "KEY"), ("KEY", "x")];
    let config = load(file, &variables, &[]).unwrap();
    assert_eq!(
        config.data.master_key,
        Some(SecretSource::Env("KEY".to_owned()))
    );
}

#[test]
fn unknown_keys_are_refused_with_place_and_suggestion() {
    let cases = [
        (
            "[server]\n\nlissten = 'x'\n",
            "quillback.toml, line 3: server.lissten: unknown key; did you mean `listen`?",
        ),
        (
            "[servr]\nlisten = 'x'\n",
            "line 1: servr: unknown key; did you mean `server`?",
        ),
        (
            "[server]\ndepth = 3\n",
            "server.depth: unknown key; did you mean `limits.depth`?",
        ),
        (
            "[demo]\nxyz = 3\n",
            "demo.xyz: unknown key; known here: enabled",
        ),
        (
            "listen = '127.0.0.1:1'\n",
            "line 1: listen: unknown key; did you mean `server.listen`?",
        ),
    ];
    for (file, expected) in cases {
        let problem = load(file, &[], &[]).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn unknown_variables_and_options_are_refused_by_name() {
    let problem = load("", &[("QUILLBACK__LIMITS__DEPHT", "3")], &[]).unwrap_err();
    let expected = "environment variable QUILLBACK__LIMITS__DEPHT: limits.depht: unknown key; did you mean `depth`?";
    assert!(problem.contains(expected), "{problem}");
    let problem = load("", &[], &[("server.listen.port", "3")]).unwrap_err();
    assert!(
        problem.contains("option --set: server.listen.port: `server.listen` is a value"),
        "{problem}"
    );
}

#[test]
fn several_problems_are_reported_at_once() {
    let problem = load("[server]\nlissten = 1\n[limits]\ndepht = 2\n", &[], &[]).unwrap_err();
    assert!(
        problem.contains("lissten") && problem.contains("depht"),
        "{problem}"
    );
}

#[test]
fn wrong_types_name_line_key_and_what_was_expected() {
    let cases = [
        (
            "[limits]\ndepth = 'x'\n",
            "line 2: limits.depth: invalid type: string \"x\", expected u64",
        ),
        (
            "[limits]\n\ndepth = -1\n",
            "line 3: limits.depth: invalid value: integer `-1`, expected u64",
        ),
        (
            "[server]\nlisten = 'here'\n",
            "line 2: server.listen: invalid socket address",
        ),
        (
            "[server]\ntrusted_proxies = ['1.2.3.4', 'x']\n",
            "line 2: server.trusted_proxies[1]: `x` is not an IP",
        ),
        (
            "[log]\nformat = 'xml'\n",
            "line 2: log.format: unknown variant `xml`, expected `text` or `json`",
        ),
        ("server = 3\n", "line 1: server: invalid type: integer `3`"),
        (
            "[data]\nmaster_key = 3\n",
            "line 2: data.master_key: expected a secret",
        ),
        ("[limits\n", "line 1: is not valid TOML"),
    ];
    for (file, expected) in cases {
        let problem = load(file, &[], &[]).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    }
    let problem = load("", &[("QUILLBACK__LIMITS__DEPTH", "deep")], &[]).unwrap_err();
    let expected = "environment variable QUILLBACK__LIMITS__DEPTH: limits.depth: invalid type: string \"deep\"";
    assert!(problem.contains(expected), "{problem}");
}

#[test]
fn values_that_make_no_sense_are_refused() {
    let cases = [
        (
            "[server]\nlisten = '0.0.0.0:80'\n",
            "server.public_url: is needed because",
        ),
        (
            "[server]\npublic_url = 'http://example.org'\n",
            "server.public_url: begins with http",
        ),
        (
            "[server]\npublic_url = 'https://example.org'\n[session]\ncookie_secure = false\n",
            "line 4: session.cookie_secure",
        ),
        (
            "[session]\nidle_minutes = 99999\n",
            "session.idle_minutes: must not be longer",
        ),
        (
            "[limits]\nconnections = 0\n",
            "limits.connections: must be at least 1",
        ),
        (
            "[log]\nlevel = 'loud'\n",
            "line 2: log.level: `loud` is not a log level",
        ),
        ("[plugins]\nmode = 'enforce'\n", "plugins.allow: is empty"),
        (
            "[plugins.allow]\nsqlite = 'zz'\n",
            "line 2: plugins.allow.sqlite: must be a SHA-256",
        ),
        (
            "[data]\nmaster_key = { env = 'NONE' }\n",
            "line 2: data.master_key: the environment variable NONE",
        ),
    ];
    for (file, expected) in cases {
        let problem = load(file, &[], &[]).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let sources = Sources {
        file: Some("/no/such/quillback.toml".into()),
        ..Sources::default()
    };
    let problem = Config::load(&sources).unwrap_err().to_string();
    assert!(
        problem.contains("/no/such/quillback.toml: cannot be read"),
        "{problem}"
    );
}

#[test]
fn the_effective_configuration_is_printed_without_secrets_and_can_be_read_again() {
    let file =
        "[repository]\nurl = 'postgres://u:hunter2@h/db'\n[data]\nmaster_key = { env = 'KEY' }\n";
    let config = load(file, &[("KEY", "hunter3")], &[]).unwrap();
    let printed = config.to_masked_toml().unwrap();
    assert!(!printed.contains("hunter"), "{printed}");
    assert!(printed.contains("url = \"***\""), "{printed}");
    let again = load(&printed, &[("KEY", "x")], &[]).unwrap();
    assert_eq!(again.to_masked_toml().unwrap(), printed);
}

#[test]
fn the_reference_names_every_key_with_its_default() {
    let page = reference();
    let schema = schema();
    for (section, inner) in schema["properties"].as_object().unwrap() {
        assert!(page.contains(&format!("## [{section}]")), "{section}");
        for (key, schema) in inner["properties"].as_object().unwrap() {
            assert!(page.contains(&format!("| `{key}` |")), "{section}.{key}");
            assert!(
                schema["description"].is_string(),
                "{section}.{key} has no description"
            );
        }
    }
    assert!(
        page.contains("| `listen` | text | `\"127.0.0.1:8080\"` |"),
        "{page}"
    );
    assert!(
        page.contains("| `mode` | `\"off\"`, `\"warn\"`, `\"enforce\"` | `\"off\"` |"),
        "{page}"
    );
    assert!(
        page.contains("| `metrics_token` | secret | not set |"),
        "{page}"
    );
}

#[test]
fn the_example_loads_and_shows_every_section() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/config.toml");
    let text = fs::read_to_string(&path).unwrap();
    let sources = Sources {
        file: Some(path),
        ..Sources::default()
    };
    Config::load(&sources).unwrap();
    // Settings that are commented out must be right as well; prose lines begin with two marks.
    let lines = text.lines().filter(|line| !line.starts_with("##"));
    let active: Vec<_> = lines
        .map(|line| line.strip_prefix('#').unwrap_or(line))
        .collect();
    let variables = [
        ("QUILLBACK_METRICS_TOKEN", "x"),
        ("QUILLBACK_REPOSITORY_URL", "x"),
        ("QUILLBACK_MASTER_KEY", "x"),
    ];
    load(&active.join("\n"), &variables, &[]).unwrap();
    let shown: toml::Table = toml::from_str(&active.join("\n")).unwrap();
    for (section, inner) in schema()["properties"].as_object().unwrap() {
        for key in inner["properties"].as_object().unwrap().keys() {
            assert!(
                shown[section].get(key).is_some(),
                "{section}.{key} is not in the example"
            );
        }
    }
}
