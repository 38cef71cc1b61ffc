select stock_to_events();
