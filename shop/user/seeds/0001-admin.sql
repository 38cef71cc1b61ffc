-- An administrator for development and tests, who may change the catalogue and supply stock. Seeds never run in production.
-- Password: dure-admin-2026
insert into account (user_id, email, name, password_hash, roles) values (
  '01900000-0000-7000-8000-000000000001', 'admin@shop.example', 'Admin',
  '$scrypt$ln=14,r=8,p=5$XHWD3YG59Kc/VtQu983rWQ$GWAsObIIEIznLoqINfniTJe9lvkCea4kjJy2mpeSl40',
  '{customer,admin}'
);
