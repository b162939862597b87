// A modal dialog: the browser's own, which keeps the focus, closes with Escape and makes the rest inert.
import { X } from 'lucide-react';
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Button } from './basics';

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  className?: string;
}

export function Dialog({ title, onClose, children, className = '' }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current!.showModal();
    dialog.current!.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === dialog.current && onClose()}
    >
      <div className="dialog-body">
        <div className="panel-head">
          <h2 id={id}>{title}</h2>
          <Button kind="quiet" className="icon" aria-label="Close" onClick={onClose}>
            <X size={18} aria-hidden />
          </Button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

export function Confirm({ title, children, action, busy, onYes, onClose }: Props & { action: string; busy?: boolean; onYes: () => void }) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <div className="actions end">
        <Button onClick={onClose} data-first>
          Cancel
        </Button>
        <Button kind="danger" busy={busy} onClick={onYes}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
