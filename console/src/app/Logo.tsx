export const Logo = () => (
  <svg className="logo" viewBox="0 0 32 32" width="26" height="26" fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round" aria-hidden>
    <path d="M3 12h16a4.5 4.5 0 1 0-4.5-4.5" />
    <path d="M3 18h22a4.5 4.5 0 1 1-4.5 4.5" />
    <path d="M3 24h9" />
  </svg>
);
