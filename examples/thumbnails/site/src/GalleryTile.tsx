import { useEffect, useRef, useState } from "react";
import { formatBytes, type Tile } from "./gallery";

type Props = { tile: Tile; src?: string; onRetry: () => void; onDismiss: () => void };

export function GalleryTile({ tile, src, onRetry, onDismiss }: Props) {
  return (
    <li className="tile" data-state={tile.state} data-name={tile.name}>
      <div className="frame">{tile.state === "ready" && src ? <Picture name={tile.name} src={src} /> : <Stage {...tile} />}</div>
      <div className="caption">
        <span className="name" title={tile.name}>
          {tile.name}
        </span>
        <span className="size">{formatBytes(tile.size)}</span>
      </div>
      {tile.state === "failed" && tile.file && (
        <div className="actions">
          {tile.retryable && (
            <button type="button" onClick={onRetry} aria-label={`Upload ${tile.name} again`}>
              Try again
            </button>
          )}
          <button type="button" className="quiet" onClick={onDismiss} aria-label={`Dismiss ${tile.name}`}>
            Dismiss
          </button>
        </div>
      )}
    </li>
  );
}

const RETRIES_MS = [1000, 4000];

/** A thumbnail; one that cannot be loaded is asked for again, at last by hand. */
function Picture({ name, src }: { name: string; src: string }) {
  const [attempt, setAttempt] = useState(0);
  const [broken, setBroken] = useState(false);
  const timer = useRef<number>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const failed = () => {
    if (attempt >= RETRIES_MS.length) return setBroken(true);
    timer.current = window.setTimeout(() => setAttempt(attempt + 1), RETRIES_MS[attempt]);
  };
  if (broken) {
    return (
      <button
        type="button"
        onClick={() => {
          setAttempt(attempt + 1);
          setBroken(false);
        }}
      >
        Load again
      </button>
    );
  }
  const address = attempt ? `${src}?attempt=${attempt}` : src;
  return <img src={address} alt={`Thumbnail of ${name}`} loading="lazy" onError={failed} />;
}

function Stage({ state, progress, name, message, slow }: Tile) {
  switch (state) {
    case "waiting":
      return <p className="stage">Waiting…</p>;
    case "uploading":
      return (
        <p className="stage">
          <progress value={progress} aria-label={`Upload of ${name}`} />
          {progress < 1 ? `${Math.floor(progress * 100)} %` : "Storing…"}
        </p>
      );
    case "failed":
      return (
        <p className="stage failed" role="alert">
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M12 8v5m0 3v.5M12 3l9.5 17h-19z" />
          </svg>
          {message}
        </p>
      );
    default:
      return (
        <p className="stage working">
          <span className="spinner" aria-hidden="true" />
          {slow ? "This takes longer than usual. A failed attempt is repeated by itself." : "Making the thumbnail…"}
        </p>
      );
  }
}
