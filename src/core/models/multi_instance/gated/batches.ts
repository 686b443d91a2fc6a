import type { Tensors } from '../../../learn/session.ts';
import type { Random } from '../../../random.ts';
import type { Bags } from '../bags.ts';
import type { EntityTable } from './entity_table.ts';

/** Which ids a training step takes for unknown (adaptive dropout). */
interface Dropout {
  /** [elements]: probability that an id is kept in pair terms. */
  readonly keep: Float32Array;
  /** In contributions it is kept with so much of that probability. */
  readonly share: number;
  readonly random: Random;
}

interface BatchParts {
  readonly elements: EntityTable;
  readonly ads: EntityTable;
  /** [elements]: 1 where the id is known. */
  readonly known: Float32Array;
  readonly dropout: Dropout;
}

/** Rows of bags as the network's tensors; what a row points to is looked up once for all rows. */
export class Batches {
  private readonly bags: Bags;
  private readonly parts: BatchParts;
  private readonly elementPlaces: Places;
  private readonly adPlaces: Places;

  constructor(bags: Bags, parts: BatchParts) {
    this.bags = bags;
    this.parts = parts;
    this.elementPlaces = new Places(bags.elements.length);
    this.adPlaces = new Places(bags.ads.length);
  }

  /**
   * The tensors of rows, valid until the next call, and the distinct elements and ads in the order of theirs.
   * @param ids which are known: by chance, all that are, or none in contributions
   */
  of(rows: Int32Array, ids: 'dropout' | 'known' | 'unknown'): { feeds: Tensors; elements: Int32Array; ads: Int32Array } {
    const { bags, elementPlaces, adPlaces } = this;
    const kinds = bags.kinds.length;
    const n = rows.length * kinds;
    const [members, present, kept, pairKept] = [new BigInt64Array(n), new Float32Array(n), new Float32Array(n), new Float32Array(n)];
    elementPlaces.clear();
    adPlaces.clear();
    const context = new BigInt64Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      context[i] = BigInt(adPlaces.of(bags.ad[row] as number));
      for (let kind = 0; kind < kinds; kind++) {
        const element = bags.members[row * kinds + kind] as number;
        if (element < 0) continue;
        const at = i * kinds + kind;
        members[at] = BigInt(elementPlaces.of(element));
        present[at] = 1;
        [kept[at], pairKept[at]] = this.keeps(element, ids);
      }
    }
    const [elements, ads] = [elementPlaces.list(), adPlaces.list()];
    const dims = [rows.length, kinds];
    const feeds: Tensors = {
      elements: this.parts.elements.lookUp(elements),
      members: { data: members, dims },
      present: { data: present, dims },
      keep: { data: kept, dims },
      pair_keep: { data: pairKept, dims },
      exposure: { data: Float32Array.from(rows, (row) => bags.exposure[row] as number), dims: [rows.length] },
      ...(this.parts.ads.width > 0 && { contexts: this.parts.ads.lookUp(ads), context: { data: context, dims: [rows.length] } }),
    };
    return { feeds, elements, ads };
  }

  /** Whether an element's id is kept in its contribution, and in its pair terms. */
  private keeps(element: number, ids: 'dropout' | 'known' | 'unknown'): [number, number] {
    const { known, dropout } = this.parts;
    const isKnown = known[element] as number;
    if (ids !== 'dropout') return [ids === 'known' ? isKnown : 0, isKnown];
    const { keep, share, random } = dropout;
    const probability = keep[element] as number;
    return [random.uniform() < share * probability ? 1 : 0, random.uniform() < probability ? 1 : 0];
  }
}

/** Numbers the distinct entities of a batch in the order they come. */
class Places {
  private readonly place: Int32Array;
  private readonly entities: Int32Array;
  private count = 0;

  constructor(entities: number) {
    this.place = new Int32Array(entities).fill(-1);
    this.entities = new Int32Array(entities);
  }

  clear(): void {
    for (let i = 0; i < this.count; i++) this.place[this.entities[i] as number] = -1;
    this.count = 0;
  }

  of(entity: number): number {
    if ((this.place[entity] as number) < 0) {
      this.place[entity] = this.count;
      this.entities[this.count++] = entity;
    }
    return this.place[entity] as number;
  }

  list(): Int32Array {
    return this.entities.slice(0, this.count);
  }
}
