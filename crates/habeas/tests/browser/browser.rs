//! A browser, without a window.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::json;
use thirtyfour::{LoggingPrefsLogLevel, common::capabilities::desiredcapabilities::*, prelude::*};
use url::Url;

use crate::wire::Call;

const DRIVER: &str = "chromedriver";
const MISSING: &str = "chromedriver is missing: apt-get install chromium chromium-driver";
/// What the driver says before the number of its port.
const STARTED: &str = "started successfully on port ";

/// So often is looked at most whether another page is there: half a minute in all.
const LOOKS: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// A browser with a profile of its own; gone when this is dropped.
pub(crate) struct Browser {
    driver: Driver,
    web: WebDriver,
}

struct Driver {
    child: Child,
    port: u16,
}

impl Browser {
    /// Opens one; with scripts, or without.
    pub(crate) async fn open(scripts: bool) -> Self {
        let driver = Driver::start();
        let mut wishes = DesiredCapabilities::chrome();
        // As root, where tests often run, it has no sandbox; and nothing here is beyond this machine.
        for arg in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"] {
            wishes.add_arg(arg).unwrap();
        }
        if !scripts {
            let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
            wishes.add_experimental_option("prefs", off).unwrap();
        }
        wishes.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        let web = WebDriver::new(format!("http://127.0.0.1:{}", driver.port), wishes).await.expect("a browser");
        Self { driver, web }
    }

    /// Follows a link.
    pub(crate) async fn go(&self, url: &Url) {
        self.web.goto(url.as_str()).await.unwrap();
    }

    /// Where it is.
    pub(crate) async fn url(&self) -> Url {
        self.web.current_url().await.unwrap()
    }

    /// What the page says.
    pub(crate) async fn text(&self) -> String {
        self.web.find(By::Tag("body")).await.unwrap().text().await.unwrap()
    }

    /// The page's heading.
    pub(crate) async fn heading(&self) -> String {
        self.web.find(By::Tag("h1")).await.unwrap().text().await.unwrap()
    }

    /// How many forms there are.
    pub(crate) async fn forms(&self) -> usize {
        self.web.find_all(By::Tag("form")).await.unwrap().len()
    }

    /// Presses the button that says so, and waits for the page that it leads to.
    pub(crate) async fn press(&self, button: &str) {
        let before = self.web.find(By::Tag("html")).await.unwrap();
        let path = format!("//button[normalize-space()='{button}']");
        self.web.find(By::XPath(path)).await.expect(button).click().await.unwrap();
        // The driver may answer before the browser has begun to leave the page.
        for _ in 0..LOOKS {
            if before.tag_name().await.is_err() && self.web.find(By::Tag("body")).await.is_ok() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("{button} leads nowhere");
    }

    /// Types into the only field, found by its label as a screen reader does.
    pub(crate) async fn type_into(&self, label: &str, text: &str) {
        let label = self.web.find(By::XPath(format!("//label[normalize-space()='{label}']"))).await.expect(label);
        let id = label.attr("for").await.unwrap().unwrap();
        self.web.find(By::Id(id)).await.unwrap().send_keys(text).await.unwrap();
    }

    /// A property of a thing on the page, as it is shown.
    pub(crate) async fn style(&self, tag: &str, property: &str) -> String {
        self.web.find(By::Tag(tag)).await.unwrap().css_value(property).await.unwrap()
    }

    /// What the field's description says, all of it.
    pub(crate) async fn described(&self) -> String {
        let field = self.web.find(By::Id("code")).await.unwrap();
        let mut words = Vec::new();
        for id in field.attr("aria-describedby").await.unwrap().unwrap().split(' ') {
            words.push(self.web.find(By::Id(id)).await.unwrap().text().await.unwrap());
        }
        words.join(" ")
    }

    /// What the browser complained of: what a policy kept it from, and what is missing.
    pub(crate) fn complaints(&self) -> String {
        let path = format!("/session/{}/se/log", self.web.session_id());
        let answer = self.driver.call().post(&path, r#"{"type":"browser"}"#);
        assert_eq!(answer.status(), 200, "the browser keeps a log");
        String::from_utf8(answer.body).unwrap()
    }

    /// Whether the page's own scripts would run.
    pub(crate) async fn runs_scripts(&self) -> bool {
        let page = "data:text/html,<p id=p>no</p><script>document.getElementById('p').textContent='yes'</script>";
        self.web.goto(page).await.unwrap();
        self.web.find(By::Id("p")).await.unwrap().text().await.unwrap() == "yes"
    }
}

impl Driver {
    fn start() -> Self {
        let mut command = Command::new(DRIVER);
        let child = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect(MISSING);
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let mut lines = output.lines().map_while(Result::ok);
        let started = lines.find_map(|line| line.split_once(STARTED)?.1.trim_end_matches('.').parse().ok());
        // Whatever else it says is read, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port: started.expect("the driver starts") }
    }

    const fn call(&self) -> Call<'static> {
        Call { port: self.port, host: "127.0.0.1", token: None }
    }
}

impl Drop for Driver {
    /// It takes its browsers with it only if it is asked to go.
    fn drop(&mut self) {
        let _ = self.call().exchange("GET", "/shutdown", "");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
