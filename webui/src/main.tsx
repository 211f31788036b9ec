import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { onSignedOut } from './api/client'
import { Feed, setFeed } from './api/feed'
import { asProblem } from './api/problem'
import { onTabs, sessionQuery, setupQuery } from './api/session'
import { loadLanguage } from './i18n'
import { pages } from './services/registry'
import { Gate } from './shell/gate'
import { followSystemTheme } from './shell/theme'
import './styles.css'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The feed says when something changed.
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      // A cell at home answers whether or not the browser believes to be on the internet.
      networkMode: 'always',
      retry: (failures, error) => failures < 2 && [0, 503].includes(asProblem(error).status),
      retryDelay: 500,
    },
  },
})

// Asked for while the rest of the program is still read; and so is the page that the address asks for.
void queries.prefetchQuery(setupQuery)
void queries.prefetchQuery(sessionQuery)
void pages.find(({ path }) => path === location.pathname)?.load()

const signedOut = () => queries.setQueryData(sessionQuery.queryKey, null)
const feed = new Feed(queries, signedOut)
setFeed(feed)
onSignedOut(signedOut)
onTabs((what) => (what === 'out' ? signedOut() : void queries.invalidateQueries()))
addEventListener('online', feed.hurry)
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && feed.hurry())
followSystemTheme()

await loadLanguage()
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Gate />
    </QueryClientProvider>
  </StrictMode>,
)
