// Every page, in the order of the navigation: a new service is a folder beside these and one line here. A page's code is
// fetched when it is first opened.
import { Activity, Box, CalendarDays, CircleUser, FolderOpen, Globe, Landmark, LayoutDashboard, Mail, MonitorSmartphone, Network, PanelsTopLeft, ScrollText, Settings, Split, Users, Waypoints, type LucideIcon } from 'lucide-react'
import type { ComponentType } from 'react'
import { maySession, type Session } from '@/api/session'
import type { Key } from '@/i18n'

export interface Entry {
  path: string
  title: Key
  icon: LucideIcon
  /** Under which heading it stands in the navigation; those of one group follow each other. */
  group?: Key
  /** The call that the page is about: who may not make it does not find the page in the navigation. */
  needs?: [method: string, path: string]
  /** One's own: in the navigation only of those who have no other page. */
  personal?: boolean
  load: () => Promise<{ default: ComponentType }>
  /** What the command palette offers besides the page itself. */
  actions?: { title: Key; search: Record<string, string>; needs: [method: string, path: string] }[]
}

export const pages: Entry[] = [
  { path: '/', needs: ['get', '/services'], title: 'nav.dashboard', icon: LayoutDashboard, load: () => import('./dashboard/page') },
  {
    path: '/peers',
    needs: ['get', '/peers'],
    group: 'nav.group.network',
    title: 'nav.peers',
    icon: MonitorSmartphone,
    load: () => import('./peers/page'),
    actions: [{ title: 'peers.add', search: { open: 'new' }, needs: ['post', '/peers'] }],
  },
  {
    path: '/network',
    needs: ['get', '/dns/records'],
    group: 'nav.group.network',
    title: 'nav.network',
    icon: Globe,
    load: () => import('./network/page'),
    actions: [
      { title: 'record.add', search: { tab: 'records', open: 'new-record' }, needs: ['post', '/dns/records'] },
      { title: 'dns.lookup', search: { tab: 'lookup' }, needs: ['post', '/dns/query'] },
      { title: 'blocklist.add', search: { tab: 'blocking', open: 'new-blocklist' }, needs: ['post', '/dns/blocklists'] },
      { title: 'reservation.add', search: { tab: 'dhcp', open: 'new-reservation' }, needs: ['post', '/dhcp/reservations'] },
    ],
  },
  { path: '/wireguard', needs: ['get', '/wireguard'], group: 'nav.group.network', title: 'nav.wireguard', icon: Waypoints, load: () => import('./wireguard/page') },
  { path: '/routing', needs: ['get', '/routing/rules'], group: 'nav.group.network', title: 'nav.routing', icon: Split, load: () => import('./routing/page'), actions: [{ title: 'rule.add', search: { open: 'new-rule' }, needs: ['post', '/routing/rules'] }] },
  { path: '/proxy', needs: ['get', '/proxy/sites'], group: 'nav.group.network', title: 'nav.proxy', icon: PanelsTopLeft, load: () => import('./proxy/page'), actions: [{ title: 'site.add', search: { open: 'new-site' }, needs: ['post', '/proxy/sites'] }] },
  { path: '/cells', needs: ['get', '/cell'], group: 'nav.group.network', title: 'nav.cells', icon: Network, load: () => import('./cells/page') },
  {
    path: '/mail',
    needs: ['get', '/mail/mailboxes'],
    group: 'nav.group.services',
    title: 'nav.mail',
    icon: Mail,
    load: () => import('./mail/page'),
    actions: [
      { title: 'mailbox.add', search: { open: 'new-mailbox' }, needs: ['post', '/mail/mailboxes'] },
      { title: 'alias.add', search: { tab: 'aliases', open: 'new-alias' }, needs: ['post', '/mail/aliases'] },
    ],
  },
  { path: '/calendar', needs: ['get', '/calendar/collections'], group: 'nav.group.services', title: 'nav.calendar', icon: CalendarDays, load: () => import('./calendar/page'), actions: [{ title: 'collection.further.add', search: { open: 'new-collection.further' }, needs: ['post', '/calendar/collections'] }] },
  { path: '/files', group: 'nav.group.services', title: 'nav.files', icon: FolderOpen, load: () => import('./files/page') },
  {
    path: '/people',
    needs: ['get', '/users'],
    group: 'nav.group.cell',
    title: 'nav.people',
    icon: Users,
    load: () => import('./people/page'),
    actions: [{ title: 'user.add', search: { open: 'new-user' }, needs: ['post', '/users'] }],
  },
  { path: '/vault', needs: ['get', '/vault/certificates'], group: 'nav.group.cell', title: 'nav.vault', icon: Landmark, load: () => import('./vault/page'), actions: [{ title: 'certificate.add', search: { open: 'new-certificate' }, needs: ['post', '/vault/certificates'] }, { title: 'secret.add', search: { tab: 'secrets', open: 'new-secret' }, needs: ['post', '/vault/secrets'] }, { title: 'recovery.show', search: { tab: 'recovery' }, needs: ['post', '/vault/recovery-kit'] }] },
  { path: '/containers', needs: ['get', '/containers'], group: 'nav.group.cell', title: 'nav.containers', icon: Box, load: () => import('./containers/page') },
  { path: '/changes', needs: ['get', '/events'], group: 'nav.group.cell', title: 'nav.changes', icon: Activity, load: () => import('./changes/page') },
  { path: '/logs', group: 'nav.group.cell', needs: ['get', '/services/{service}/logs'], title: 'nav.logs', icon: ScrollText, load: () => import('./logs/page') },
  {
    path: '/settings',
    needs: ['get', '/cell'],
    group: 'nav.group.cell',
    title: 'nav.settings',
    icon: Settings,
    load: () => import('./settings/page'),
    actions: [
      { title: 'tokens.add', search: { tab: 'tokens', open: 'new' }, needs: ['post', '/tokens'] },
      { title: 'backup.title', search: { tab: 'backup' }, needs: ['get', '/backup'] },
    ],
  },
  { path: '/me', personal: true, title: 'nav.me', icon: CircleUser, load: () => import('./me/page') },
]

export const isOpenTo = (page: Entry, session: Session | null): boolean => !page.needs || maySession(session, ...page.needs)

/** The navigation of whoever is here. */
export function pagesOf(session: Session | null): Entry[] {
  const found = pages.filter((page) => !page.personal && isOpenTo(page, session))
  return found.some(({ needs }) => needs) ? found : pages.filter(({ needs }) => !needs)
}
