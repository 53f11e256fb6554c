//! What the node may use, set by a form.

use super::Browser;
use axum::http::StatusCode;

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_at_once_and_stand_in_the_file_beside_what_its_owner_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let browser = Browser::settled(&data).await;
    let path = data.join("node.toml");
    let written = format!("# mine\n{}", std::fs::read_to_string(&path).unwrap());
    std::fs::write(&path, &written).unwrap();

    let good = [("traffic", "2 GiB"), ("heads", "1.5 GiB"), ("peers", "16")];
    for (at, bad, said) in [
        (0, "much", "is no size"),
        (0, "99999999 TiB", "so many bytes"),
        (0, "2000 TiB", "has so much"),
        (1, "3 KiB", "too little room"),
        (1, "-1", "is no size"),
        (2, "many", "are a number"),
        (2, "3", "from 4 to 256"),
    ] {
        let mut wrong = good;
        wrong[at].1 = bad;
        let seen = browser.post("network/limits", &wrong).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(seen.text.contains(said), "{bad}: {}", seen.text);
        // What was typed is still there, to be mended.
        assert!(seen.text.contains(&format!("value=\"{bad}\"")), "{bad}: {}", seen.text);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), written, "nothing was kept");
    }
    let seen = browser.post("network/limits", &good).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(seen.text.contains("The limits are set"), "{}", seen.text);
    assert!(seen.text.contains("of 2 GiB") && seen.text.contains("of 1.5 GiB"), "{}", seen.text);
    assert!(seen.text.contains("of at most 24 GiB"), "on the disk: {}", seen.text);
    assert!(seen.text.contains("may take 16 times as much on the disk"), "{}", seen.text);
    assert!(seen.text.contains("of at most 16") && !seen.text.contains("next start"));
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept.starts_with("# mine\n") && kept.contains("traffic = 2147483648"), "{kept}");
    assert!(kept.contains("heads = 1610612736") && kept.contains("max_peers = 16"), "{kept}");
    assert_eq!(kept.lines().count(), written.lines().count(), "each in its place");

    // More connections than the node began with need its doors made anew.
    let more = [("traffic", "0"), ("heads", "256 MiB"), ("peers", "64")];
    let seen = browser.post("network/limits", &more).await;
    assert!(seen.text.contains("only after the next start"), "{}", seen.text);
    assert!(browser.page("network").await.text.contains("value=\"64\""));
}
