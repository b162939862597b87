import { useEffect, useState, useSyncExternalStore } from "react";
import { DropZone } from "./DropZone";
import type { Gallery, Tile } from "./gallery";
import { GalleryTile } from "./GalleryTile";
import { ThemeButton } from "./ThemeButton";

type Props = { gallery: Gallery; thumbnailUrl: (key: string) => string; maxBytes: number };

export function App({ gallery, thumbnailUrl, maxBytes }: Props) {
  const { tiles, loaded, hasMore, connectionLost } = useSyncExternalStore(gallery.subscribe, gallery.getSnapshot);
  usePastedFiles((files) => gallery.add(files));
  return (
    <main className="page">
      <header className="top">
        <img src="./icon.svg" alt="" width="36" height="36" />
        <h1>Thumbnails</h1>
        <ThemeButton />
      </header>

      <DropZone onFiles={(files) => gallery.add(files)} maxBytes={maxBytes} />

      {connectionLost && (
        <div className="banner" role="alert">
          <span>The photo service cannot be reached. Trying again…</span>
          <button type="button" onClick={() => void gallery.refresh()}>
            Try now
          </button>
        </div>
      )}

      <section aria-labelledby="photos">
        <div className="heading">
          <h2 id="photos">Photos</h2>
          <p role="status" className="summary">
            {summary(tiles)}
          </p>
        </div>
        {tiles.length > 0 ? (
          <ul className="grid">
            {tiles.map((tile) => (
              <GalleryTile
                key={tile.id}
                tile={tile}
                src={tile.key ? thumbnailUrl(tile.key) : undefined}
                onRetry={() => gallery.retry(tile.id)}
                onDismiss={() => gallery.dismiss(tile.id)}
              />
            ))}
          </ul>
        ) : (
          <Empty loading={!loaded && !connectionLost} />
        )}
        {hasMore && (
          <button type="button" className="more" onClick={() => void gallery.loadMore()}>
            Show older photos
          </button>
        )}
      </section>

      <footer>
        Each photo goes from this page through an HTTP API to an upload function and into a bucket; the bucket’s event
        starts a resize function, and its thumbnail appears here.
      </footer>
    </main>
  );
}

function Empty({ loading }: { loading: boolean }) {
  if (loading) return <p className="empty">Looking for photos…</p>;
  return (
    <div className="empty">
      <svg viewBox="0 0 120 80" aria-hidden="true">
        <rect x="8" y="20" width="64" height="48" rx="6" transform="rotate(-8 40 44)" />
        <rect x="44" y="14" width="64" height="48" rx="6" transform="rotate(6 76 38)" />
        <path d="M54 56l14-17 10 11 8-9 14 19" transform="rotate(6 76 38)" />
        <circle cx="92" cy="29" r="5" transform="rotate(6 76 38)" />
      </svg>
      <p>No photos yet. The first one that you drop appears here in a moment.</p>
    </div>
  );
}

function summary(tiles: Tile[]): string {
  const count = (...states: Tile["state"][]) => tiles.filter((tile) => states.includes(tile.state)).length;
  const parts = [
    [count("waiting", "uploading"), "uploading"],
    [count("processing"), "being resized"],
    [count("ready"), "ready"],
    [count("failed"), "failed"],
  ] as const;
  return parts.flatMap(([number, label]) => (number ? [`${number} ${label}`] : [])).join(" · ");
}

function usePastedFiles(onFiles: (files: File[]) => void) {
  const [listener] = useState(() => onFiles);
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) listener(files);
    };
    window.addEventListener("paste", paste);
    return () => window.removeEventListener("paste", paste);
  }, [listener]);
}
