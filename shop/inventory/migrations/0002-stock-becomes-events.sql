-- From here on a product's stock is what has happened to it: the tables `shelf` and `reserved_line` are made of events.
-- This turns every row of the tables before into the events that led to it, and empties them. The first seeds still fill
-- them, so that it runs behind those as well.
create function stock_to_events() returns void language plpgsql as $$
declare
  s record;
begin
  for s in select sku, 'stock:' || sku as stream from stock order by sku collate "C" loop
    perform dure.flush(
      (select jsonb_agg(jsonb_build_object(
          'id', gen_random_uuid(), 'at', extract(epoch from e.at) * 1000, 'kind', 'e', 'type', e.type, 'version', 1,
          'key', s.sku, 'stream', s.stream, 'n', e.at_place, 'data', jsonb_build_object('sku', s.sku) || e.data,
          'meta', '{"correlation": "stock-becomes-events"}'::jsonb) order by e.at_place)
        from (select row_number() over (order by n, at, id) as at_place, every.* from (
          select 1 as n, dure.now() as at, s.sku as id, 'inventory.shelved' as type, '{}'::jsonb as data
          union all
          select 2, at, supply_id::text, 'inventory.supplied', jsonb_build_object('quantity', quantity)
          from supply where sku = s.sku
          union all
          select 3, r.changed_at, l.order_id::text, 'inventory.reserved',
            jsonb_build_object('orderId', l.order_id, 'quantity', l.quantity)
          from reservation_line l join reservation r using (order_id) where l.sku = s.sku
          union all
          select 4, r.changed_at, l.order_id::text, 'inventory.' || r.state,
            jsonb_build_object('orderId', l.order_id, 'quantity', l.quantity)
          from reservation_line l join reservation r using (order_id) where l.sku = s.sku and r.state <> 'reserved'
        ) as every) as e),
      jsonb_build_array(jsonb_build_object('stream', s.stream, 'expected', 'none', 'count',
        1 + (select count(*) from supply where sku = s.sku)
        + (select count(*) + count(*) filter (where r.state <> 'reserved')
          from reservation_line l join reservation r using (order_id) where l.sku = s.sku))));
  end loop;
  delete from reservation_line;
  delete from reservation;
  delete from supply;
  delete from stock;
end $$;
select stock_to_events();
