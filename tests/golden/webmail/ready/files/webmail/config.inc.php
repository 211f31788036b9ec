<?php
$tls = ['ssl' => ['cafile' => '@live@/root.pem', 'verify_peer' => true, 'peer_name' => 'mail.home.example']];
$key = '@state@/des_key';
if (!is_file($key)) {
    file_put_contents("$key.new", bin2hex(random_bytes(12)));
    rename("$key.new", $key);
}
$config = [
    'db_dsnw' => 'sqlite:///@state@/webmail.sqlite?mode=0600',
    'imap_host' => 'ssl://@mail_bind@:@imaps_port@',
    'imap_conn_options' => $tls,
    'smtp_host' => 'tls://@mail_bind@:@submission_port@',
    'smtp_conn_options' => $tls,
    'smtp_user' => '%u',
    'smtp_pass' => '%p',
    'username_domain' => 'home.example',
    'des_key' => file_get_contents($key),
    'product_name' => 'Webmail',
    'plugins' => [],
    'skin' => 'elastic',
    'log_driver' => 'stdout',
    'temp_dir' => '@run@',
    'enable_installer' => false,
];
