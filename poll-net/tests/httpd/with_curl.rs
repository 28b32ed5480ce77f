//! What curl sees.

use std::process::{Command, Output};

use crate::served::{Served, on_each_backend, pattern};

/// Runs curl, which has to succeed.
fn curl(arguments: &[&str]) -> Output {
    let result = Command::new("curl")
        .args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "20"])
        .args(arguments)
        .output();
    let output = result.unwrap_or_else(|error| {
        panic!("this test asks the server with curl, which does not run here: {error}")
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "curl {arguments:?}: {said}");
    output
}

/// The status that curl gets, and the body.
fn status(arguments: &[&str]) -> (u16, Vec<u8>) {
    let output = curl(&[&["--write-out", "%{stderr}%{http_code}"], arguments].concat());
    (String::from_utf8_lossy(&output.stderr).parse().unwrap(), output.stdout)
}

#[test]
fn a_file_arrives_as_it_is() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let (code, body) = status(&[&served.url("/medium.bin")]);
        assert_eq!(code, 200);
        assert!(body == pattern(300_000), "the bytes differ");
        assert_eq!(status(&[&served.url("/empty.css")]), (200, Vec::new()));
        assert_eq!(status(&[&served.url("/sub/deep/leaf.json")]), (200, b"{}".to_vec()));
    });
}

#[test]
fn content_types_follow_the_names() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        for (path, kind) in [
            ("/hello.txt", "text/plain; charset=utf-8"),
            ("/empty.css", "text/css; charset=utf-8"),
            ("/sub/deep/leaf.json", "application/json"),
            ("/medium.bin", "application/octet-stream"),
            ("/sub/", "text/html; charset=utf-8"),
            ("/", "text/html; charset=utf-8"),
        ] {
            let url = served.url(path);
            let output = curl(&["--head", "--write-out", "%{stderr}%{content_type}", &url]);
            assert_eq!(String::from_utf8_lossy(&output.stderr), kind, "{path}");
        }
    });
}

#[test]
fn head_tells_what_get_would_send_and_sends_nothing() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        for path in ["/medium.bin", "/", "/sub/", "/missing"] {
            let url = served.url(path);
            let body = status(&[&url]).1;
            let head = curl(&["--head", &url]).stdout;
            let length = format!("\r\nContent-Length: {}\r\n", body.len());
            let head = String::from_utf8_lossy(&head);
            assert!(head.contains(&length) && head.ends_with("\r\n\r\n"), "{path}: {head}");
        }
    });
}

#[test]
fn a_range_is_those_bytes() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let url = served.url("/medium.bin");
        let whole = pattern(300_000);
        for (range, bytes) in [
            ("0-0", &whole[..1]),
            ("10-19", &whole[10..20]),
            ("299990-", &whole[299_990..]),
            ("299990-999999999999999999999999", &whole[299_990..]),
            ("-7", &whole[299_993..]),
            ("-400000", &whole[..]),
            ("100000-250000", &whole[100_000..250_001]),
        ] {
            let (code, body) = status(&["--range", range, &url]);
            assert!((code, body.as_slice()) == (206, bytes), "{range}: {code}, {}", body.len());
        }
        for range in ["300000-", "300000-300001", "-0"] {
            assert_eq!(status(&["--range", range, &url]).0, 416, "{range}");
        }
        for ignored in
            ["bytes=5-4", "bytes=0-1,3-4", "bytes=x-", "bytes=+1-2", "lines=1-2", "bytes"]
        {
            let (code, body) = status(&["--header", &format!("Range: {ignored}"), &url]);
            assert_eq!((code, body.len()), (200, whole.len()), "{ignored}");
        }
    });
}

#[test]
fn what_the_client_has_already_is_not_sent_again() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let url = served.url("/hello.txt");
        let head = String::from_utf8(curl(&["--head", &url]).stdout).unwrap();
        let field = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {head}"))
        };
        let (tag, date) = (field("ETag: "), field("Last-Modified: "));
        let ask = |fields: &[String]| {
            let fields: Vec<&str> = fields.iter().flat_map(|f| ["--header", f.as_str()]).collect();
            status(&[&fields[..], &[url.as_str()]].concat()).0
        };
        assert_eq!(ask(&[format!("If-None-Match: {tag}")]), 304);
        assert_eq!(ask(&[format!("If-None-Match: \"x\", W/{tag}")]), 304);
        assert_eq!(ask(&["If-None-Match: \"x\"".to_owned()]), 200);
        assert_eq!(ask(&[format!("If-Modified-Since: {date}")]), 304);
        assert_eq!(ask(&["If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT".to_owned()]), 200);
        let range = "Range: bytes=0-1".to_owned();
        assert_eq!(ask(&[range.clone(), format!("If-Range: {tag}")]), 206);
        assert_eq!(ask(&[range.clone(), format!("If-Range: {date}")]), 206);
        assert_eq!(ask(&[range, "If-Range: \"other\"".to_owned()]), 200);
    });
}

#[test]
fn a_directory_is_its_index_page_or_a_list_with_escaped_names() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        assert_eq!(status(&[&served.url("/sub/")]), (200, b"<p>index</p>".to_vec()));
        let list = String::from_utf8(status(&[&served.url("/")]).1).unwrap();
        let link = "<a href=\"./%3Cb%3E%26%22%20%C3%BC%2Etxt\">&lt;b&gt;&amp;&quot; ü.txt</a>";
        let link = link.replace("%2E", ".");
        assert!(list.contains(&link), "{list}");
        assert!(list.contains("<a href=\"./sub/\">sub/</a>") && !list.contains("<b>"), "{list}");
        let odd = served.url("/%3Cb%3E%26%22%20%C3%BC.txt");
        assert_eq!(status(&[&odd]), (200, b"odd".to_vec()));
    });
}

#[test]
fn a_long_list_comes_in_pages_that_miss_nothing() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        for n in 0..1201 {
            std::fs::write(served.site.root().join(format!("paged/{n:04}")), "").unwrap();
        }
        let (mut seen, mut path, mut pages) = (0, "/paged/".to_owned(), 0);
        loop {
            let page = String::from_utf8(status(&[&served.url(&path)]).1).unwrap();
            pages += 1;
            for name in page.split("<a href=\"./").skip(1) {
                assert!(name.starts_with(&format!("{seen:04}\"")), "{seen}: {name}");
                seen += 1;
            }
            match page.split_once("<a href=\"?after=") {
                Some((_, rest)) => path = format!("/paged/?after={}", &rest[..4]),
                None => break,
            }
        }
        assert_eq!((seen, pages), (1201, 3));
    });
}

#[test]
fn a_directory_without_its_slash_is_redirected() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let url = served.url("/sub?q=1");
        let output = curl(&["--write-out", "%{stderr}%{http_code} %{redirect_url}", &url]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said, format!("301 {}", served.url("/sub/?q=1")));
        assert_eq!(status(&["--location", &url]), (200, b"<p>index</p>".to_vec()));
    });
}

#[test]
fn a_link_is_followed_if_it_stays_inside() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        assert_eq!(status(&[&served.url("/in/leaf.json")]), (200, b"{}".to_vec()));
    });
}

#[test]
fn refusals_are_what_a_client_expects() {
    let long_field = format!("X-Long: {}", "x".repeat(20_000));
    let long_path = format!("/{}", "x".repeat(20_000));
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let fifo = Command::new("mkfifo").arg(served.site.root().join("fifo")).status();
        assert!(fifo.unwrap().success());
        for (code, path, arguments) in [
            (404, "/missing", &[][..]),
            (404, "/hello.txt/", &[]),
            (404, "/hello.txt/more", &[]),
            (404, "/missing/hello.txt", &[]),
            (403, "/out", &[]),
            (403, "/out-absolute", &[]),
            (403, "/up/", &[]),
            (403, "/up/secret", &[]),
            (403, "/loop", &[]),
            (403, "/fifo", &[]),
            (403, "/../secret", &["--path-as-is"]),
            (403, "/sub/../hello.txt", &["--path-as-is"]),
            (403, "/%2e%2e/secret", &[]),
            (403, "/.%2E/secret", &[]),
            (403, "/..%2fsecret", &[]),
            (403, "/sub/%2e%2e/%2e%2e/secret", &[]),
            (404, "//etc/passwd", &["--path-as-is"]),
            (404, "/%2fetc/passwd", &[]),
            (404, "/%252e%252e/secret", &[]),
            (400, "/hello.txt%00.html", &[]),
            (405, "/hello.txt", &["--data", "x"]),
            (405, "/hello.txt", &["--request", "DELETE"]),
            (405, "/hello.txt", &["--request", "OPTIONS"]),
            (431, "/hello.txt", &["--header", &long_field]),
            (414, &long_path, &[]),
        ] {
            let url = served.url(path);
            let (got, body) = status(&[arguments, &[url.as_str()]].concat());
            assert_eq!(got, code, "{path} {arguments:?}: {}", String::from_utf8_lossy(&body));
        }
        assert_eq!(status(&[&served.url("/hello.txt")]).0, 200, "and it goes on");
    });
}

#[test]
fn one_connection_serves_several_requests() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let urls = ["/hello.txt", "/sub/", "/missing", "/medium.bin"].map(|path| served.url(path));
        let mut arguments = vec!["--write-out", "%{stderr}%{num_connects} "];
        for url in &urls {
            arguments.extend(["--output", "/dev/null", url]);
        }
        assert_eq!(String::from_utf8_lossy(&curl(&arguments).stderr), "1 0 0 0 ");
    });
}

#[test]
fn a_file_larger_than_all_buffers_arrives_whole_at_a_slow_reader() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let (code, body) = status(&["--limit-rate", "100M", &served.url("/large.bin")]);
        assert_eq!((code, body.len()), (200, crate::served::LARGE));
    });
}
