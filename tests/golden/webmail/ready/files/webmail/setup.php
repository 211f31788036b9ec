<?php
$file = '@state@/webmail.sqlite';
if (is_file($file)) exit(0);
@unlink("$file.new");
$db = new PDO("sqlite:$file.new");
$db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$db->exec(file_get_contents('/usr/share/roundcube/SQL/sqlite.initial.sql'));
$db = null;
rename("$file.new", $file);
