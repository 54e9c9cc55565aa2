/** Good of all, both rising. */
export interface GoodTotal {
  good: number
  total: number
}
