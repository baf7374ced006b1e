// npm run docs: writes the pages of docs/reference that are made from the code.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { referencePages } from './reference.ts'

const DIR = join(import.meta.dirname, '../../docs/reference')

for (const [name, text] of Object.entries(referencePages())) writeFileSync(join(DIR, name), text)
