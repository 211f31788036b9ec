// What comes in from outside, and how what goes out is seen there.
import { CornerDownRight } from 'lucide-react'
import { useList } from '@/api/query'
import { t } from '@/i18n'
import { Collection } from '@/kit/collection'
import { Singleton } from '@/kit/singleton'
import { Mono } from '@/kit/ui'

export function Forwards() {
  const peers = useList('/peers').data ?? []
  const nameOf = (address: string) => peers.find((peer) => peer.address === address)?.name
  return (
    <div className="flex flex-col gap-5">
      <Collection
        spec={{
          path: '/routing/forwards',
          stream: 'forward-',
          words: 'forward',
          icon: CornerDownRight,
          name: ({ protocol, port }) => `${protocol} ${port}`,
          text: ({ protocol, port, to_address }) => `${protocol} ${port} ${to_address} ${nameOf(to_address) ?? ''}`,
          make: 'AddForward',
          remove: 'RemoveForward',
          fields: [
            { name: 'protocol', half: true },
            { name: 'port', half: true, placeholder: '25565' },
            { name: 'to_address', half: true, mono: true, suggestions: peers.map(({ address, name }) => ({ value: address, label: name })), placeholder: '10.10.0.2' },
            { name: 'to_port', half: true },
          ],
          columns: [
            { key: 'port', title: t('forward.comes'), sort: ({ port }) => port, cell: ({ protocol, port }) => `${protocol} ${port}` },
            {
              key: 'to',
              title: t('forward.to_address'),
              width: '2fr',
              sort: ({ to_address }) => to_address,
              cell: ({ to_address, to_port }) => (
                <>
                  {nameOf(to_address)} <Mono>{`${to_address}:${to_port}`}</Mono>
                </>
              ),
            },
          ],
        }}
      />
      <Singleton path="/routing/nat" careful stream="routing-nat" method="put" schema="SetNat" words="nat" fields={[{ name: 'masquerade' }]} />
    </div>
  )
}
