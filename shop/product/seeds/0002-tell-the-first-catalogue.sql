-- The first catalogue is told like every later product, so that whoever follows it knows all of it.
select dure.flush(jsonb_agg(jsonb_build_object(
  'id', gen_random_uuid(), 'at', extract(epoch from dure.now()) * 1000, 'kind', 'e', 'type', 'product.added', 'version', 1, 'key', sku,
  'meta', jsonb_build_object('correlation', 'seed'),
  'data', jsonb_build_object(
    'sku', sku,
    'name', jsonb_build_object('en', name_en, 'ko', name_ko),
    'description', jsonb_build_object('en', description_en, 'ko', description_ko),
    'price', jsonb_build_object('amount', price, 'currency', 'KRW'),
    'picture', picture)
) order by sku)) from product;
