import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api/http';
import { resume } from './api/session';
import { App } from './app/App';
import './app/theme';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';
import './styles/views.css';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      // Refusals stay refusals; a daemon that restarts is back soon.
      retry: (times, error) => times < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
      refetchOnWindowFocus: true,
    },
  },
});

// Until it is known who is here, the frame of index.html is seen.
void resume().then(() =>
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  ),
);
