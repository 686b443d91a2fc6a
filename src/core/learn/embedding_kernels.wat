;; The four loops of an embedding table, four floats at a time. JavaScript's own loops over rows picked at random take 4 to
;; 14 times as long: they keep too few of the memory's answers in flight.
;;
;; Addresses are bytes; a row is `width` bytes of 32-bit floats, a multiple of 16. A batch is a list of cells (one field of
;; one example); cell i holds the ids from ends[i-1] to ends[i], and its embedding is the mean of their rows, zeros for none.
(module
  (import "env" "memory" (memory 1 65536))

  ;; Distinct ids in ascending order: rows[0..result); slots[i] = place of ids[i] among them.
  ;; `bits`: one bit a table row, `before`: as many words; both scratch, `words` long.
  (func (export "unique")
    (param $ids i32) (param $n i32) (param $bits i32) (param $before i32) (param $words i32) (param $rows i32) (param $slots i32)
    (result i32)
    (local $i i32) (local $at i32) (local $id i32) (local $word i32) (local $found i32)
    (memory.fill (local.get $bits) (i32.const 0) (i32.shl (local.get $words) (i32.const 2)))
    (block $marked (loop $mark
      (br_if $marked (i32.ge_u (local.get $i) (local.get $n)))
      (local.set $id (i32.load (i32.add (local.get $ids) (i32.shl (local.get $i) (i32.const 2)))))
      (local.set $at (i32.add (local.get $bits) (i32.shl (i32.shr_u (local.get $id) (i32.const 5)) (i32.const 2))))
      (i32.store (local.get $at) (i32.or (i32.load (local.get $at)) (i32.shl (i32.const 1) (local.get $id))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $mark)))
    (local.set $i (i32.const 0))
    (block $listed (loop $list
      (br_if $listed (i32.ge_u (local.get $i) (local.get $words)))
      (i32.store (i32.add (local.get $before) (i32.shl (local.get $i) (i32.const 2))) (local.get $found))
      (local.set $word (i32.load (i32.add (local.get $bits) (i32.shl (local.get $i) (i32.const 2)))))
      (block $empty (loop $bit
        (br_if $empty (i32.eqz (local.get $word)))
        (i32.store
          (i32.add (local.get $rows) (i32.shl (local.get $found) (i32.const 2)))
          (i32.add (i32.shl (local.get $i) (i32.const 5)) (i32.ctz (local.get $word))))
        (local.set $found (i32.add (local.get $found) (i32.const 1)))
        (local.set $word (i32.and (local.get $word) (i32.sub (local.get $word) (i32.const 1))))
        (br $bit)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $list)))
    (local.set $i (i32.const 0))
    (block $placed (loop $place
      (br_if $placed (i32.ge_u (local.get $i) (local.get $n)))
      (local.set $id (i32.load (i32.add (local.get $ids) (i32.shl (local.get $i) (i32.const 2)))))
      (local.set $at (i32.shl (i32.shr_u (local.get $id) (i32.const 5)) (i32.const 2)))
      (i32.store
        (i32.add (local.get $slots) (i32.shl (local.get $i) (i32.const 2)))
        (i32.add
          (i32.load (i32.add (local.get $before) (local.get $at)))
          (i32.popcnt (i32.and
            (i32.load (i32.add (local.get $bits) (local.get $at)))
            (i32.sub (i32.shl (i32.const 1) (local.get $id)) (i32.const 1))))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $place)))
    (local.get $found))

  ;; out[cell] = mean of table[ids of the cell]
  (func (export "pool")
    (param $table i32) (param $width i32) (param $ids i32) (param $ends i32) (param $cells i32) (param $out i32)
    (local $i i32) (local $last i32) (local $cell i32) (local $from i32) (local $to i32) (local $stop i32) (local $share v128) (local $start i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $cell) (local.get $cells)))
      (local.set $last (i32.load (i32.add (local.get $ends) (i32.shl (local.get $cell) (i32.const 2)))))
      (local.set $start (local.get $i))
      (local.set $stop (i32.add (local.get $out) (local.get $width)))
      (if (i32.eq (i32.sub (local.get $last) (local.get $i)) (i32.const 1))
        (then
          (local.set $from (i32.add (local.get $table)
            (i32.mul (i32.load (i32.add (local.get $ids) (i32.shl (local.get $i) (i32.const 2)))) (local.get $width))))
          (local.set $to (local.get $out))
          (loop $copy
            (v128.store (local.get $to) (v128.load (local.get $from)))
            (local.set $from (i32.add (local.get $from) (i32.const 16)))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (br_if $copy (i32.lt_u (local.get $to) (local.get $stop))))
          (local.set $i (local.get $last)))
        (else
          (memory.fill (local.get $out) (i32.const 0) (local.get $width))
          (local.set $share (f32x4.splat (f32.div (f32.const 1) (f32.convert_i32_u (i32.sub (local.get $last) (local.get $start))))))
          (block $pooled (loop $id
            (br_if $pooled (i32.ge_u (local.get $i) (local.get $last)))
            (local.set $from (i32.add (local.get $table)
              (i32.mul (i32.load (i32.add (local.get $ids) (i32.shl (local.get $i) (i32.const 2)))) (local.get $width))))
            (local.set $to (local.get $out))
            (loop $sum
              (v128.store (local.get $to)
                (f32x4.add (v128.load (local.get $to)) (f32x4.mul (local.get $share) (v128.load (local.get $from)))))
              (local.set $from (i32.add (local.get $from) (i32.const 16)))
              (local.set $to (i32.add (local.get $to) (i32.const 16)))
              (br_if $sum (i32.lt_u (local.get $to) (local.get $stop))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $id)))))
      (local.set $out (local.get $stop))
      (local.set $cell (i32.add (local.get $cell) (i32.const 1)))
      (br $next))))

  ;; sums[slot] = Σ over the cells that hold it of gradient[cell] / ids of the cell: the gradient of `pool`
  (func (export "spread")
    (param $gradient i32) (param $width i32) (param $slots i32) (param $ends i32) (param $cells i32) (param $sums i32) (param $rows i32)
    (local $i i32) (local $last i32) (local $cell i32) (local $from i32) (local $to i32) (local $stop i32) (local $share v128)
    (memory.fill (local.get $sums) (i32.const 0) (i32.mul (local.get $rows) (local.get $width)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $cell) (local.get $cells)))
      (local.set $last (i32.load (i32.add (local.get $ends) (i32.shl (local.get $cell) (i32.const 2)))))
      (local.set $stop (i32.add (local.get $gradient) (local.get $width)))
      (local.set $share (f32x4.splat (f32.div (f32.const 1) (f32.convert_i32_u (i32.sub (local.get $last) (local.get $i))))))
      (block $added (loop $slot
        (br_if $added (i32.ge_u (local.get $i) (local.get $last)))
        (local.set $to (i32.add (local.get $sums)
          (i32.mul (i32.load (i32.add (local.get $slots) (i32.shl (local.get $i) (i32.const 2)))) (local.get $width))))
        (local.set $from (local.get $gradient))
        (loop $add
          (v128.store (local.get $to)
            (f32x4.add (v128.load (local.get $to)) (f32x4.mul (local.get $share) (v128.load (local.get $from)))))
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (local.set $to (i32.add (local.get $to) (i32.const 16)))
          (br_if $add (i32.lt_u (local.get $from) (local.get $stop))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $slot)))
      (local.set $gradient (local.get $stop))
      (local.set $cell (i32.add (local.get $cell) (i32.const 1)))
      (br $next))))

  ;; g = sums + decay[row]·w ;  squares[row] += g² ;  w[row] -= rate·g/√squares[row]
  (func (export "adagrad")
    (param $table i32) (param $width i32) (param $squares i32) (param $decay i32) (param $rows i32) (param $n i32) (param $sums i32)
    (param $rate f32)
    (local $w i32) (local $s i32) (local $stop i32) (local $end i32) (local $g v128) (local $total v128) (local $step v128)
    (local $shrink v128) (local $row i32)
    (local.set $step (f32x4.splat (local.get $rate)))
    (local.set $end (i32.add (local.get $rows) (i32.shl (local.get $n) (i32.const 2))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $rows) (local.get $end)))
      (local.set $row (i32.load (local.get $rows)))
      (local.set $shrink (v128.load32_splat (i32.add (local.get $decay) (i32.shl (local.get $row) (i32.const 2)))))
      (local.set $w (i32.mul (local.get $row) (local.get $width)))
      (local.set $s (i32.add (local.get $squares) (local.get $w)))
      (local.set $w (i32.add (local.get $table) (local.get $w)))
      (local.set $stop (i32.add (local.get $sums) (local.get $width)))
      (loop $lane
        (local.set $g (f32x4.add (v128.load (local.get $sums)) (f32x4.mul (local.get $shrink) (v128.load (local.get $w)))))
        (local.set $total (f32x4.add (v128.load (local.get $s)) (f32x4.mul (local.get $g) (local.get $g))))
        (v128.store (local.get $s) (local.get $total))
        (v128.store (local.get $w)
          (f32x4.sub (v128.load (local.get $w)) (f32x4.div (f32x4.mul (local.get $step) (local.get $g)) (f32x4.sqrt (local.get $total)))))
        (local.set $w (i32.add (local.get $w) (i32.const 16)))
        (local.set $s (i32.add (local.get $s) (i32.const 16)))
        (local.set $sums (i32.add (local.get $sums) (i32.const 16)))
        (br_if $lane (i32.lt_u (local.get $sums) (local.get $stop))))
      (local.set $rows (i32.add (local.get $rows) (i32.const 4)))
      (br $next)))))
