-- Of what was typed in a deposit, the keyed numbers by which the gate knows the same person at the same place: of her NIR and of her
-- card. What was promised of one care of hers by a deposit and by an answer is compared by them (docs/adr/0119).
alter table care.deposit
    add column pair      bigint,
    add column card_pair bigint;
create index deposit_pair on care.deposit (pair) where pair is not null;
create index deposit_card_pair on care.deposit (card_pair) where card_pair is not null;
