// What is to stand on paper: shown here as anything else, and alone on the page when it is printed (styles.css).
import { Printer } from 'lucide-react'
import type { ReactNode } from 'react'
import { t } from '@/i18n'
import { Button } from './ui'

export const Printed = ({ title, children }: { title: string; children: ReactNode }) => (
  <div data-print>
    <p className="mb-3 hidden text-xl font-semibold print:block">{title}</p>
    {children}
  </div>
)

export const PrintButton = () => (
  <Button icon={Printer} onClick={() => print()}>
    {t('print')}
  </Button>
)
