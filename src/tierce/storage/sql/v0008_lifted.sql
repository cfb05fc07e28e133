-- 0008: who lifted a hold, and why.

alter table access.ladder
    add column lifted_by  text,
    add column lifted_why text;
