-- Which of the directory's layouts a file had: a file of a day before the last one of its layout waits for a confirmation.
alter table registry.feed add column layout text;
