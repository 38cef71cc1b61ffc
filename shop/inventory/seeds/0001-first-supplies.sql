-- The hat exists once, and the drum is sold out: whoever orders it sees how an order is rejected.
with first (sku, quantity) as (
  values
    ('tea-green', 120), ('tea-citron', 80), ('cup-moon', 40), ('bowl-celadon', 12), ('spoon-brass', 30), ('paper-hanji', 200),
    ('brush-weasel', 25), ('fan-folding', 60), ('wrap-bojagi', 8), ('shoes-rubber', 150), ('drum-janggu', 0), ('hat-gat', 1)
), shelf as (
  insert into stock (sku, supplied, available) select sku, quantity, quantity from first
)
select;
insert into supply (supply_id, sku, quantity) select gen_random_uuid(), sku, supplied from stock where supplied > 0;
