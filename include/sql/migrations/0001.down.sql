-- Removes the store. The group roles stay: other databases of the server may use them.
DROP SCHEMA ops CASCADE;
