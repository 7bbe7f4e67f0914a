/** All cases of the benchmark. */
import type { Case } from '../types.ts'
import { behaviour } from './behaviour.ts'
import { otherCosts } from './others.ts'
import { reverseCosts } from './reverse.ts'

export const cases: readonly Case[] = [...reverseCosts, ...otherCosts, ...behaviour]
