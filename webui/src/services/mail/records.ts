// The DNS records that let the world's mail find a cell, and believe what it sends: RFC 5321 (MX), 7208 (SPF), 7489
// (DMARC), 6186 and 8314 (where programs find their servers).
export interface Published {
  type: 'MX' | 'TXT' | 'SRV' | 'A' | 'AAAA' | 'CNAME' | 'TLSA' | 'PTR'
  name: string
  value: string
  why: 'mx' | 'spf' | 'dmarc' | 'dkim' | 'imaps' | 'submissions'
}

const imaps_port = 993
const submissions_port = 465

export const mailHost = (cellDomain: string) => `mail.${cellDomain}`

export function toPublish(domain: string, cellDomain: string): Published[] {
  const host = `${mailHost(cellDomain)}.`
  return [
    { type: 'MX', name: domain, value: `10 ${host}`, why: 'mx' },
    { type: 'TXT', name: domain, value: 'v=spf1 mx -all', why: 'spf' },
    { type: 'TXT', name: `_dmarc.${domain}`, value: `v=DMARC1; p=quarantine; rua=mailto:postmaster@${domain}`, why: 'dmarc' },
    { type: 'SRV', name: `_imaps._tcp.${domain}`, value: `0 1 ${imaps_port} ${host}`, why: 'imaps' },
    { type: 'SRV', name: `_submissions._tcp.${domain}`, value: `0 1 ${submissions_port} ${host}`, why: 'submissions' },
  ]
}
