create table cup (tea text primary key, drunk int not null);
