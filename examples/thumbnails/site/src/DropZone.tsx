import { useEffect, useRef, useState } from "react";
import { formatBytes } from "./gallery";

type Props = { onFiles: (files: File[]) => void; maxBytes: number };

/** A file picker that also takes files dropped anywhere on the page. */
export function DropZone({ onFiles, maxBytes }: Props) {
  const [over, setOver] = useState(false);
  const take = useRef(onFiles);
  take.current = onFiles;

  useEffect(() => {
    let depth = 0; // enter and leave fire for every element on the way
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => hasFiles(event) && (depth++, setOver(true));
    const leave = (event: DragEvent) => hasFiles(event) && --depth <= 0 && setOver(false);
    const hover = (event: DragEvent) => hasFiles(event) && event.preventDefault();
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      take.current([...(event.dataTransfer?.files ?? [])]);
    };
    const on = { dragenter: enter, dragleave: leave, dragover: hover, drop } as const;
    const entries = Object.entries(on) as [string, EventListener][];
    for (const [name, listener] of entries) window.addEventListener(name, listener);
    return () => entries.forEach(([name, listener]) => window.removeEventListener(name, listener));
  }, []);

  return (
    <label className={over ? "drop over" : "drop"}>
      <input
        type="file"
        accept="image/*"
        multiple
        className="hidden-input"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = ""; // so that the same file can be chosen again
        }}
      />
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <path d="M24 32V12m-9 9l9-9 9 9M8 32v4a4 4 0 0 0 4 4h24a4 4 0 0 0 4-4v-4" />
      </svg>
      <span className="drop-title">{over ? "Let go to upload" : "Drop photos here"}</span>
      <span className="drop-hint">
        or <span className="as-link">choose files</span> · JPEG, PNG, WebP, AVIF, GIF · up to {formatBytes(maxBytes)} each
      </span>
    </label>
  );
}
