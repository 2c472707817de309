import { BlockList, isIP } from 'node:net'

/** Addresses and CIDR blocks, as settings name them. Throws RangeError that says which is none, and `whose` it is. */
export function blockListOf(addresses: readonly string[], whose: string): BlockList {
  const blocks = new BlockList()
  for (const text of addresses) {
    const [address = '', prefix] = text.split('/')
    const version = isIP(address)
    const bits = prefix === undefined ? (version === 6 ? 128 : 32) : Number(prefix)
    if (version === 0 || !Number.isInteger(bits) || bits < 0 || bits > (version === 6 ? 128 : 32))
      throw new RangeError(`"${text}" of ${whose} is no address or CIDR block`)
    blocks.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4')
  }
  return blocks
}

/** Whether an address is in them; one of IPv4 in the clothes of IPv6 is one of IPv4. */
export function holds(blocks: BlockList, address: string): boolean {
  const plain = /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address
  return blocks.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}
