// Source text with its words coloured; the highlighter comes when the first code is shown.
import { useEffect, useState } from 'react';
import { CopyButton } from './basics';

const LANGUAGES: Record<string, string> = {
  py: 'python',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  ts: 'typescript',
  json: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  rb: 'ruby',
  java: 'java',
  go: 'go',
  rs: 'rust',
  cc: 'cpp',
  cpp: 'cpp',
  h: 'cpp',
  sh: 'bash',
  xml: 'xml',
  html: 'xml',
  css: 'css',
  md: 'markdown',
};
const MOST = 200_000; // characters; longer texts stay plain

export const languageOf = (name: string) => LANGUAGES[name.split('.').at(-1)?.toLowerCase() ?? ''];

export function Code({ text, language, label }: { text: string; language?: string; label: string }) {
  const [html, setHtml] = useState<{ of: string; html: string }>();
  useEffect(() => {
    if (!language || text.length > MOST) return;
    let current = true;
    void import('./highlight').then(({ highlight }) => current && setHtml({ of: text, html: highlight(text, language) }));
    return () => {
      current = false;
    };
  }, [text, language]);
  return (
    <div className="code">
      <CopyButton text={text} label="Copy the text" />
      {/* The highlighter escapes the text, and adds nothing but span elements with classes. */}
      {html?.of === text ? (
        <pre tabIndex={0} aria-label={label} role="region">
          <code dangerouslySetInnerHTML={{ __html: html.html }} />
        </pre>
      ) : (
        <pre tabIndex={0} aria-label={label} role="region">
          <code>{text}</code>
        </pre>
      )}
    </div>
  );
}
