"""The console in a browser: signing in, and what every page of it must be: accessible, within its policy, not too wide."""
import json
import pathlib
import re

from conftest import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[1]
AXE = ROOT / "console/node_modules/axe-core/axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WAIT_MS = 60_000
# Told by a browser of what its pages did; none of it may happen.
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', e => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


class ConsolePage:
    """A page that is signed in. `faults` has what no page may do: errors of scripts, refusals by its own policy."""

    def __init__(self, browser, gust, **options):
        import playwright.sync_api  # not where tests are collected without it
        self.gust, self.faults = gust, []
        self.context = browser.new_context(**({"viewport": {"width": 1280, "height": 860}} | options))
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        playwright.sync_api.expect.set_options(timeout=WAIT_MS)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message):
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.faults.append(message.text)

    def sign_in(self):
        self.page.goto(json.loads(self.gust.cli("console", "--json").stdout)["url"])
        self.page.get_by_role("heading", name="Overview", level=1).wait_for()
        return self

    def until(self, condition, *args):
        """Waits for a condition of the page. Playwright's own wait evaluates text in the page, which its policy forbids."""
        wait_until(lambda: self.page.evaluate(condition, *args), condition)

    def show(self, route, heading=None):
        self.page.evaluate("route => { location.hash = route; }", f"#/{route}")
        title = heading or route.split("?")[0].split("/")[-1].capitalize()
        pattern = re.compile(re.escape(title).replace("/", "\\/"), re.I)  # a slash would end it in the browser
        self.page.get_by_role("heading", name=pattern, level=1).wait_for()
        self.until("!document.querySelector('.loading')")
        return self.page

    def axe(self):
        """What axe-core finds against WCAG AA, as one line a finding."""
        self.until("document.getAnimations().every(a => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity)")
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG)
        return [f"{v['id']}: {n['html'][:160]}: {n.get('failureSummary', '')[:300]}" for v in found["violations"] for n in v["nodes"]]

    def too_wide(self):
        return self.page.evaluate("""() => document.documentElement.scrollWidth > innerWidth
            ? [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
                .slice(0, 5).map(e => e.outerHTML.slice(0, 120)) : []""")

    def close(self):
        violations = self.page.evaluate("window.violations") if not self.page.is_closed() else []
        self.context.close()
        assert self.faults == [] and violations == [], (self.faults, violations)
