/** A point in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle in any direction. */
export interface Rectangle {
  readonly centre: Point;
  /** Unit vector along `width`, never pointing left; `height` runs along the vector a quarter turn clockwise from it. */
  readonly along: Point;
  readonly width: number;
  readonly height: number;
}

/**
 * The rectangle of least area around points, by rotating calipers over their convex hull (Toussaint 1983): one of its
 * sides lies on a side of the hull. `along` is the one of its directions that is nearer to the horizontal.
 * @param points at least one; each stands for itself, without an extent
 */
export function smallestRectangle(points: readonly Point[]): Rectangle {
  const hull = convexHull(points);
  let best: Rectangle | undefined;
  for (const [at, from] of hull.entries()) {
    const to = hull[(at + 1) % hull.length] as Point;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    const side = length === 0 ? { x: 1, y: 0 } : { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
    const rectangle = rectangleAlong(hull, horizontal(side));
    if (best === undefined || rectangle.width * rectangle.height < best.width * best.height) best = rectangle;
  }
  return best as Rectangle;
}

/** The same rectangle with every side `distance` further out. */
export function grown({ centre, along, width, height }: Rectangle, distance: number): Rectangle {
  return { centre, along, width: width + 2 * distance, height: height + 2 * distance };
}

/** Upper left, upper right, lower right, lower left, as the text reads. */
export function cornersOf({ centre, along, width, height }: Rectangle): [Point, Point, Point, Point] {
  const [ux, uy] = [(along.x * width) / 2, (along.y * width) / 2];
  const [vx, vy] = [(-along.y * height) / 2, (along.x * height) / 2];
  return [
    { x: centre.x - ux - vx, y: centre.y - uy - vy },
    { x: centre.x + ux - vx, y: centre.y + uy - vy },
    { x: centre.x + ux + vx, y: centre.y + uy + vy },
    { x: centre.x - ux + vx, y: centre.y - uy + vy },
  ];
}

/** Of the two directions of a rectangle's sides, the one within 45° of the horizontal, pointing right. */
function horizontal({ x, y }: Point): Point {
  const turned = Math.abs(x) >= Math.abs(y) ? { x, y } : { x: -y, y: x };
  return turned.x < 0 ? { x: -turned.x, y: -turned.y } : turned;
}

function rectangleAlong(hull: readonly Point[], along: Point): Rectangle {
  const u = hull.map(({ x, y }) => x * along.x + y * along.y);
  const v = hull.map(({ x, y }) => y * along.x - x * along.y);
  const [left, right, top, bottom] = [Math.min(...u), Math.max(...u), Math.min(...v), Math.max(...v)];
  const [cu, cv] = [(left + right) / 2, (top + bottom) / 2];
  const centre = { x: cu * along.x - cv * along.y, y: cu * along.y + cv * along.x };
  return { centre, along, width: right - left, height: bottom - top };
}

/** Andrew's monotone chain; points on a side are left out. */
function convexHull(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((a, b) => a.x - b.x || a.y - b.y);
  if (sorted.length < 3) return sorted;
  const half = (from: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const point of from) {
      while (chain.length > 1 && turn(chain.at(-2) as Point, chain.at(-1) as Point, point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.toReversed())];
}

function turn(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}
