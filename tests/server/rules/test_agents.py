"""User-Agent headers as the Messages API shows them."""

import pytest

from carom.server.rules.agents import read_agent

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_7_5) AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)"
THUNDERBIRD = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Thunderbird/115.3.1"
APPLE_MAIL = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = f"{MAC} Chrome/35.0.1916.153 Safari/537.36"
SAFARI_MOBILE = f"{IPHONE} Version/17.1 Mobile/15E148 Safari/604.1"


@pytest.mark.parametrize(
    ("header", "name", "company", "os", "platform"),
    [
        (GMAIL, "Gmail", "Google", "unknown", "WebMail"),
        (CHROME, "Chrome 35.0.1916.153", "Google", "Mac OS X 10.7.5", "WebMail"),
        (APPLE_MAIL, "Apple Mail", "Apple", "Mac OS X 10.15.7", "Desktop"),
        (f"{IPHONE} Mobile/15E148", "Apple Mail", "Apple", "iOS 17.1", "Mobile"),
        (OUTLOOK, "Outlook 2016", "Microsoft", "Windows 10", "Desktop"),
        (THUNDERBIRD, "Thunderbird 115.3.1", "Mozilla", "Windows 10", "Desktop"),
        ("curl/8.0", "curl 8.0", "unknown", "unknown", "Unknown"),
        ("", "unknown", "unknown", "unknown", "Unknown"),
    ],
)
def test_an_open_is_told_by_its_agent(header: str, name: str, company: str, os: str, platform: str) -> None:
    """The proxies of webmail hide the reader's system; a browser on a desktop reads webmail."""
    agent = read_agent(header, browsing=False)
    assert (agent.client.name, agent.client.company, agent.os.name, agent.platform) == (name, company, os, platform)


@pytest.mark.parametrize(
    ("header", "family", "platform"),
    [
        (CHROME, "Chrome", "Desktop"),
        (SAFARI_MOBILE, "Safari Mobile", "Mobile"),
        (f"{IPHONE} Mobile/15E148", "Safari Mobile", "Mobile"),
        ("", "unknown", "Unknown"),
    ],
)
def test_a_click_comes_from_a_browser(header: str, family: str, platform: str) -> None:
    """Which is never webmail."""
    agent = read_agent(header, browsing=True)
    assert (agent.client.family, agent.platform) == (family, platform)


def test_an_endless_header_is_cut() -> None:
    """Whoever opens a mail chooses it."""
    assert read_agent(f"{CHROME} {'(' * 1_000_000}", browsing=False).platform == "WebMail"
