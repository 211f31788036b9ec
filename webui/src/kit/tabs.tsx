// Tabs, which stand in the address: Radix brings the keys and the roles.
import * as RadixTabs from '@radix-ui/react-tabs'
import { useEffect, useRef, type ReactNode } from 'react'

interface TabsProps {
  label: string
  value: string
  onChange: (value: string) => void
  tabs: { value: string; label: string; content: ReactNode }[]
}

export function Tabs({ label, value, onChange, tabs }: TabsProps) {
  const list = useRef<HTMLDivElement>(null)
  // On a phone the tabs are wider than the screen: the one that is open must be seen. Not by scrollIntoView, which would
  // scroll the page too.
  useEffect(() => {
    const open = list.current?.querySelector<HTMLElement>('[data-state="active"]')
    if (open) list.current!.scrollLeft = open.offsetLeft - (list.current!.clientWidth - open.offsetWidth) / 2
  }, [value])
  return (
    <RadixTabs.Root value={value} onValueChange={onChange} className="flex flex-col gap-5">
      <RadixTabs.List ref={list} aria-label={label} className="relative flex gap-1 overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <RadixTabs.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px min-h-11 border-b-2 border-transparent px-3 text-sm font-medium whitespace-nowrap text-soft hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink sm:min-h-10"
          >
            {tab.label}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {tabs.map((tab) => (
        <RadixTabs.Content key={tab.value} value={tab.value} className="outline-offset-4">
          {tab.content}
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  )
}
